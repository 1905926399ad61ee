// SPDX-License-Identifier: Apache-2.0
// reprotrain predict RUN_DIR --data FILE --out FILE.h5: apply a trained model.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "engine/data/file_digest.h"
#include "engine/device/cpu_threads.h"
#include "engine/device/device_choice.h"
#include "engine/predict.h"
#include "harness/cli/commands.h"
#include "harness/cli/output_file.h"
#include "harness/config/run_config.h"
#include "harness/record/run_record.h"

namespace reprotrain::harness {

namespace {

struct PredictOptions {
  std::string run;
  std::string data;
  std::string out;
  std::string device = "auto";
  int threads = 0;
  bool force = false;
};

/// A model that was exchanged after the run must not predict in the run's name.
void require_recorded_model(const RunPaths& paths, const nlohmann::json& record) {
  const std::string expected =
      record.value("files", nlohmann::json::object()).value("result/model.h5", "");
  if (expected.empty()) {
    throw Error(ErrorKind::kUsage, paths.record + ": the run has status \"" +
                                       record.value("status", "") +
                                       "\" and left no model; choose a finished run");
  }
  if (!std::filesystem::exists(paths.model) || engine::file_sha256(paths.model) != expected) {
    throw Error(
        ErrorKind::kEvidence,
        paths.model + ": is not the model that run.json records; it was damaged or exchanged");
  }
}

/// engine::predict, whose complaints get the name of the file.
engine::Predictions predict_table(const engine::SavedModel& model, engine::LoadedDataset& dataset,
                                  const std::string& path) {
  try {
    return engine::predict(model, std::move(dataset.table));
  } catch (const Error& error) {
    throw Error(error.kind(), path + ": " + error.what());
  }
}

ExitCode predict(const PredictOptions& options) {
  const RunPaths paths(options.run);
  const nlohmann::json record = read_record(paths.record);
  require_recorded_model(paths, record);
  require_free(options.out, options.force);
  require_apart(options.out, options.data);
  require_apart(options.out, options.run);
  RunConfig config = recorded_config(record, paths.root);
  config.data.source = options.data;
  config.data.labels.clear();
  config.data.format = engine::DataFormat::kAuto;
  if (!config.numerics.is_portable()) {
    std::fprintf(
        stderr,
        "note: the model was trained in mode device; it is applied with portable "
        "products (%s), the same everywhere\n",
        config.numerics.matmul.c_str());
  }
  const engine::CpuThreads threads(options.threads);
  const auto device = engine::open_device(options.device, 0, threads, {}, [](std::string_view text) {
    std::fprintf(stderr, "note: %.*s\n", static_cast<int>(text.size()), text.data());
  });
  const engine::SavedModel model = engine::read_model(paths.model, *device);
  // A category whose texts all look like numbers in this file is a category all the same.
  config.data.column_kinds.clear();
  for (const auto& [name, kind] : model.plan.input_kinds()) {
    if (kind == engine::ColumnKind::kCategorical) config.data.column_kinds[name] = kind;
  }

  engine::LoadedDataset dataset = engine::load_dataset(config.data);
  const engine::Predictions predictions = predict_table(model, dataset, options.data);
  const engine::ContentIds ids = engine::write_predictions(options.out, predictions, model.target);
  std::printf("%-12s%zu rows of %s\n", "predicted", predictions.rows.size(), options.data.c_str());
  std::printf("%-12s%s\n", "wrote", options.out.c_str());
  for (const auto& [name, id] : ids) std::printf("%-24s %s\n", name.c_str(), id.c_str());
  return ExitCode::kSuccess;
}

}  // namespace

void add_predict(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<PredictOptions>();
  CLI::App* verb = app.add_subcommand("predict", "Apply the model of a run to other data");
  verb->add_option("run", options->run, "Directory of a finished run")
      ->required()
      ->type_name("RUN_DIR");
  verb->add_option("--data", options->data, "Table with the columns of the training data")
      ->required()
      ->type_name("FILE");
  verb->add_option("--out", options->out, "File to write")->required()->type_name("FILE.h5");
  verb->add_option("--device", options->device, "auto, cpu, cuda or cuda:N; never changes a result")
      ->type_name("DEVICE");
  verb->add_option("--threads", options->threads, "CPU threads, 0 = all")
      ->check(CLI::Range(0, kLargestThreadCount));
  verb->add_flag("--force", options->force, "Replace the file");
  verb->callback([&chosen, options] { chosen = [options] { return predict(*options); }; });
}

}  // namespace reprotrain::harness
