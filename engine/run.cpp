// SPDX-License-Identifier: Apache-2.0
#include "engine/run.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>

#include "engine/data/content_id.h"
#include "engine/data/hdf5_tree.h"
#include "engine/data/split.h"
#include "engine/evaluation.h"
#include "engine/models/model_list.h"
#include "engine/predict.h"
#include "engine/run_outputs.h"
#include "engine/train/checkpoint.h"
#include "include/reprotrain/error.h"
#include "kernels/base/float_state.h"
#include "kernels/digest/sha256.h"

namespace reprotrain::engine {

namespace {

/// The stages of a run, one after another; each leaves what the next one needs.
class Execution {
 public:
  Execution(const RunRequest& request, ComputeDevice& device, RunObserver& observer,
            RunResult& result)
      : request_(request), device_(device), observer_(observer), result_(result) {}

  void load_data();
  void split_rows();
  void make_features();
  void write_feature_file(const std::string& path);
  void train();
  void evaluate();

 private:
  bool has_target() const { return !request_.data.target.empty(); }
  void begin_stage(std::string_view name);
  std::string data_identity() const;
  void stage_finished(const std::string& name, NamedDigests digests,
                      std::vector<std::pair<std::string, int64_t>> counts);
  void add_outputs(const ContentIds& ids) { result_.outputs.insert(ids.begin(), ids.end()); }
  void evaluate_part(const std::string& part, std::span<const int64_t> rows);
  Predictions predict_held_out();

  const RunRequest& request_;
  ComputeDevice& device_;
  RunObserver& observer_;
  RunResult& result_;
  const kernels::StrictFloatScope strict_;  // of the calling thread; workers open their own

  Table table_;
  std::optional<Target> target_;
  Split split_;
  std::optional<FeaturePlan> plan_;
  FeatureMatrix features_;
  std::optional<FeatureRows> feature_rows_;
  std::optional<Network> network_;
};

/// Calls `stage`; its complaints about the data get the name of the file.
void name_source(const std::string& source, const std::function<void()>& stage) {
  try {
    stage();
  } catch (const Error& error) {
    const bool names_it = std::string(error.what()).find(source) != std::string::npos;
    if (error.kind() != ErrorKind::kData || names_it) throw;
    throw Error(ErrorKind::kData, source + ": " + error.what());
  }
}

void Execution::begin_stage(std::string_view name) {
  if (observer_.stop_requested()) {
    throw Error(ErrorKind::kInterrupted,
                "stopped before stage " + std::string(name) + "; go on with --resume");
  }
  observer_.stage_started(name);
}

/// What training sees of the data: features, targets, split and row numbers.
std::string Execution::data_identity() const {
  std::string text;
  for (const auto& [name, id] : result_.outputs) text += name + " " + id + "\n";
  return kernels::sha256_hex(text);
}

void Execution::stage_finished(const std::string& name, NamedDigests digests,
                               std::vector<std::pair<std::string, int64_t>> counts) {
  observer_.stage_finished({name, std::move(digests), std::move(counts)});
}

void Execution::load_data() {
  begin_stage("data");
  LoadedDataset dataset = load_dataset(request_.data);
  table_ = std::move(dataset.table);
  result_.inputs = std::move(dataset.inputs);
  NamedDigests digests;
  for (const InputIdentity& input : result_.inputs) {
    digests.emplace_back(input.role, input.content_id);
  }
  stage_finished(
      "data", std::move(digests),
      {{"rows", table_.n_rows}, {"columns", static_cast<int64_t>(table_.columns.size())}});
}

void Execution::split_rows() {
  begin_stage("split");
  if (has_target()) target_ = read_target(table_, request_.data.target, request_.train.loss.kind);
  const std::span<const int32_t> classes =
      target_ ? std::span<const int32_t>(target_->class_of_row) : std::span<const int32_t>();
  split_ = draw_split(request_.data.split, table_, classes, request_.seed);
  const auto id_of = [](const std::vector<int64_t>& rows) {
    return tensor_content_id(ElementType::kInt64,
                             std::vector<int64_t>{static_cast<int64_t>(rows.size())},
                             std::as_bytes(std::span<const int64_t>(rows)));
  };
  result_.splits = {{"train", id_of(split_.train)},
                    {"validation", id_of(split_.validation)},
                    {"test", id_of(split_.test)}};
  stage_finished("split", {result_.splits.begin(), result_.splits.end()},
                 {{"train", static_cast<int64_t>(split_.train.size())},
                  {"validation", static_cast<int64_t>(split_.validation.size())},
                  {"test", static_cast<int64_t>(split_.test.size())}});
}

void Execution::make_features() {
  begin_stage("features");
  std::vector<std::string> excluded;
  for (const std::string& name : {request_.data.target, request_.data.split.column}) {
    if (!name.empty()) excluded.push_back(name);
  }
  plan_ =
      FeaturePlan::fit(request_.features, table_, split_.train, excluded, device_.host_threads());
  features_ = FeaturePlan::to_matrix(std::move(table_));
  table_ = {};
  if (features_.n_features() == 0) {
    throw Error(ErrorKind::kConfig,
                "no feature is left after section features; keep at least one column");
  }
}

void Execution::write_feature_file(const std::string& path) {
  add_outputs(write_features(path, features_, target_ ? &*target_ : nullptr, &split_));
  stage_finished("features", {{"features/X", result_.outputs.at("features/X")}},
                 {{"rows", features_.n_rows}, {"features", features_.n_features()}});
}

void Execution::train() {
  begin_stage("train");
  fit_target_scale(*target_, request_.train.target_transform, split_.train);
  network_ = build_network(request_.model, target_->task, features_.n_features(),
                           target_->n_outputs(), request_.seed, device_);
  feature_rows_.emplace(features_, device_);
  const MetricPlan metrics = plan_metrics(request_.train, *target_, !split_.validation.empty());
  const TrainingData data{*feature_rows_, *target_, split_.train, split_.validation};
  const CheckpointStore store(request_.checkpoint_directory,
                              {request_.config_digest, data_identity()}, request_.checkpoints_kept);
  Trainer trainer(request_.train, request_.seed, data, *network_);
  const Evaluate evaluate_validation = [&](const Network& network) {
    return evaluate_rows(metrics, network, *feature_rows_, *target_, split_.validation).metrics;
  };
  result_.training =
      trainer.train(store, request_.resume, request_.strides, evaluate_validation, observer_);
  const ContentIds ids = write_model(request_.result_directory + "/model.h5", request_.model,
                                     *plan_, features_.names, *target_, *network_);
  add_outputs(ids);
  stage_finished("train", {ids.begin(), ids.end()},
                 {{"steps", result_.training.steps},
                  {"epochs", result_.training.epochs},
                  {"parameters", static_cast<int64_t>(network_->parameters().size())}});
}

void Execution::evaluate_part(const std::string& part, std::span<const int64_t> rows) {
  if (rows.empty()) return;
  const MetricPlan metrics = plan_metrics(request_.train, *target_, !split_.validation.empty());
  Evaluation evaluation = evaluate_rows(metrics, *network_, *feature_rows_, *target_, rows);
  for (const auto& [name, value] : evaluation.metrics) result_.metrics[part + "/" + name] = value;
  if (!evaluation.confusion.empty()) result_.confusion[part] = std::move(evaluation.confusion);
}

/// Predictions for the rows that training did not see, in the order of the source; for all rows where
/// it saw them all.
Predictions Execution::predict_held_out() {
  std::vector<std::pair<int64_t, const char*>> rows;
  for (int64_t row : split_.validation) rows.emplace_back(row, "validation");
  for (int64_t row : split_.test) rows.emplace_back(row, "test");
  if (rows.empty()) {
    for (int64_t row : split_.train) rows.emplace_back(row, "train");
  }
  std::sort(rows.begin(), rows.end());
  std::vector<int64_t> row_ids;
  std::vector<std::string> parts;
  for (const auto& [row, part] : rows) {
    row_ids.push_back(row);
    parts.emplace_back(part);
  }
  Predictions predictions =
      interpret(raw_outputs(*network_, target_->n_outputs(), *feature_rows_, row_ids), row_ids,
                *target_, device_.host_threads());
  predictions.split = std::move(parts);
  return predictions;
}

void Execution::evaluate() {
  begin_stage("evaluate");
  evaluate_part("train", split_.train);
  evaluate_part("validation", split_.validation);
  evaluate_part("test", split_.test);
  result_.classes = target_->classes;
  const Predictions predictions = predict_held_out();
  const ContentIds ids =
      write_predictions(request_.result_directory + "/predictions.h5", predictions, *target_);
  add_outputs(ids);
  stage_finished("evaluate", {ids.begin(), ids.end()},
                 {{"predictions", static_cast<int64_t>(predictions.rows.size())}});
}

}  // namespace

void execute_run(const RunRequest& request, ComputeDevice& device, RunObserver& observer,
                 RunResult& result) {
  Execution execution(request, device, observer, result);
  execution.load_data();
  name_source(request.data.source, [&] {
    execution.split_rows();
    execution.make_features();
  });
  execution.write_feature_file(request.export_features ? request.result_directory + "/features.h5"
                                                       : std::string());
  execution.train();
  execution.evaluate();
}

RunResult export_features(const RunRequest& request, const std::string& path, ComputeDevice& device,
                          RunObserver& observer) {
  RunResult result;
  Execution execution(request, device, observer, result);
  execution.load_data();
  name_source(request.data.source, [&] {
    execution.split_rows();
    execution.make_features();
  });
  execution.write_feature_file(path);
  return result;
}

}  // namespace reprotrain::engine
