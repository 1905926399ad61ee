// SPDX-License-Identifier: Apache-2.0
#include "engine/train/trainer.h"

#include <algorithm>
#include <cassert>

#include "engine/train/gather.h"
#include "engine/train/loss.h"
#include "engine/train/optimizer.h"
#include "engine/train/schedule.h"
#include "kernels/base/ceil_div.h"
#include "kernels/base/float_bits.h"
#include "kernels/digest/tile_digest.h"
#include "kernels/metric/metric_list.h"
#include "kernels/random/shuffle.h"
#include "kernels/random/streams.h"

namespace reprotrain::engine {

DivergedError::DivergedError(int64_t step, float loss)
    : Error(ErrorKind::kDiverged,
            "the loss became " + std::string(kernels::is_nan(loss) ? "NaN" : "infinite") +
                " in step " + std::to_string(step) +
                "; lower /train/optimizer/learning_rate, set /train/clip_norm or look at the data"),
      step_(step),
      loss_(loss) {}

/// One call of train(): the state of Trainer that lives only that long.
struct Trainer::Run {
  Run(const Trainer& trainer, const CheckpointStore& checkpoint_store,
      const TrainingStrides& chosen_strides, const Evaluate& evaluate_validation,
      RunObserver& run_observer);

  void restore(TrainingState&& restored);
  void run_epoch();
  void run_step(std::span<const int64_t> rows);
  void gather(std::span<const int64_t> rows);
  void finish_epoch();
  void judge(const std::map<std::string, double>& validation, EpochReport& report);
  void report_step(std::span<const int64_t> rows, float loss, bool last_of_epoch);
  NamedDigests digests() const;
  void checkpoint();
  TrainingState snapshot() const;
  void finish();

  const TrainConfig& config;
  const uint64_t seed;
  const TrainingData& data;
  Network& network;
  const kernels::Parallel& parallel;
  const CheckpointStore& store;
  const TrainingStrides& strides;
  const Evaluate& evaluate;
  RunObserver& observer;

  const int64_t steps_per_epoch;
  const int64_t total_steps;
  Optimizer optimizer;
  BatchLoss loss;
  LearningRateSchedule schedule;
  std::vector<float> target_values;  // regression: scaled, (n_rows)

  TrainingState state;  // its parameter and optimizer copies are filled by snapshot()
  int64_t checkpointed_step = -1;
  std::vector<int64_t> order;  // training rows in the order of this epoch

  // Work space of one step.
  std::vector<float> batch_inputs;
  std::vector<float> output_gradient;
  std::vector<int32_t> batch_classes;
  std::vector<float> batch_values;
};

Trainer::Run::Run(const Trainer& trainer, const CheckpointStore& checkpoint_store,
                  const TrainingStrides& chosen_strides, const Evaluate& evaluate_validation,
                  RunObserver& run_observer)
    : config(trainer.config_),
      seed(trainer.seed_),
      data(trainer.data_),
      network(trainer.network_),
      parallel(trainer.parallel_),
      store(checkpoint_store),
      strides(chosen_strides),
      evaluate(evaluate_validation),
      observer(run_observer),
      steps_per_epoch(trainer.steps_per_epoch()),
      total_steps(trainer.total_steps()),
      optimizer(config.optimizer, network.parameter_list()),
      loss(config.loss, data.target.n_outputs(),
           class_weights(config.loss, data.target, data.train_rows)),
      schedule(config.schedule, steps_per_epoch, total_steps) {
  if (data.target.task == Task::kRegression) target_values = scaled_values(data.target);
}

void Trainer::Run::restore(TrainingState&& restored) {
  state = std::move(restored);
  const auto parameters = network.parameters();
  const bool fits = state.parameters.size() == parameters.size() &&
                    (state.best_epoch < 0 || state.best_parameters.size() == parameters.size()) &&
                    state.optimizer.size() == optimizer.state().size() && state.step >= 0 &&
                    state.rows_in_epoch >= 0 &&
                    state.rows_in_epoch < static_cast<int64_t>(data.train_rows.size());
  if (!fits) {
    throw Error(ErrorKind::kEvidence, "the checkpoint of step " + std::to_string(state.step) +
                                          " does not fit the model; start over with --force");
  }
  std::copy(state.parameters.begin(), state.parameters.end(), parameters.begin());
  for (const auto& [name, values] : state.optimizer) optimizer.restore(name, values);
  checkpointed_step = state.step;
}

void Trainer::Run::run_epoch() {
  order.assign(data.train_rows.begin(), data.train_rows.end());
  if (config.shuffle) {
    const uint32_t stream = kernels::stream_of(kernels::StreamPurpose::kEpochOrder, 0);
    kernels::shuffle_indices({seed, stream, static_cast<uint32_t>(state.epoch)}, order);
  }
  const auto n_rows = static_cast<int64_t>(order.size());
  while (state.rows_in_epoch < n_rows) {
    const int64_t n = std::min(config.batch_size, n_rows - state.rows_in_epoch);
    const std::span<const int64_t> rows(order.data() + state.rows_in_epoch, static_cast<size_t>(n));
    run_step(rows);
    if (state.rows_in_epoch == n_rows) finish_epoch();
    const bool due = strides.checkpoint > 0 && state.step % strides.checkpoint == 0;
    const bool stop = observer.stop_requested();
    if (due || stop) checkpoint();
    if (stop) {
      throw Error(ErrorKind::kInterrupted, "stopped after step " + std::to_string(state.step) +
                                               " of " + std::to_string(total_steps) +
                                               "; go on with --resume");
    }
    if (state.rows_in_epoch == 0) return;  // finish_epoch has begun the next one
  }
}

void Trainer::Run::gather(std::span<const int64_t> rows) {
  const int64_t n_features = data.features.n_features();
  batch_inputs.resize(rows.size() * static_cast<size_t>(n_features));
  gather_rows(data.features.values, n_features, rows, batch_inputs, parallel);
  batch_classes.clear();
  batch_values.clear();
  for (int64_t row : rows) {
    if (data.target.task == Task::kRegression) {
      batch_values.push_back(target_values[static_cast<size_t>(row)]);
    } else {
      batch_classes.push_back(data.target.class_of_row[static_cast<size_t>(row)]);
    }
  }
}

void Trainer::Run::run_step(std::span<const int64_t> rows) {
  gather(rows);
  const auto n = static_cast<int64_t>(rows.size());
  const auto inputs =
      kernels::dense_view<const float>(batch_inputs.data(), n, data.features.n_features());
  const auto outputs =
      network.forward_training(inputs, {seed, static_cast<uint64_t>(state.step)}, parallel);
  output_gradient.resize(static_cast<size_t>(n * outputs.n_columns));
  const auto gradient = kernels::dense_view(output_gradient.data(), n, outputs.n_columns);
  const float batch_loss =
      loss.evaluate(outputs, {batch_classes, batch_values}, gradient, parallel);
  if (!kernels::is_finite(batch_loss)) {
    if (checkpointed_step != state.step) checkpoint();
    throw DivergedError(state.step + 1, batch_loss);
  }
  network.backward(gradient, parallel);
  if (config.clip_norm > 0.0) {
    clip_by_global_norm(network.gradients(), config.clip_norm, parallel);
  }
  optimizer.step(network.parameters(), network.gradients(), schedule.factor(state.step),
                 static_cast<uint64_t>(state.step), parallel);

  ++state.step;
  state.rows_in_epoch += n;
  state.epoch_loss_sum += static_cast<double>(batch_loss) * static_cast<double>(n);
  report_step(rows, batch_loss, state.rows_in_epoch == static_cast<int64_t>(order.size()));
}

NamedDigests Trainer::Run::digests() const {
  NamedDigests digests;
  const auto parameters = std::as_const(network).parameters();
  uint64_t tensor_id = 0;
  for (const Parameter& parameter : network.parameter_list()) {
    const auto values = parameters.subspan(static_cast<size_t>(parameter.offset),
                                           static_cast<size_t>(parameter.size));
    digests.emplace_back(parameter.name, kernels::tile_digest(values, tensor_id++, parallel).hex());
  }
  for (const auto& [name, values] : optimizer.state()) {
    digests.emplace_back("optimizer/" + name,
                         kernels::tile_digest(values, tensor_id++, parallel).hex());
  }
  return digests;
}

void Trainer::Run::report_step(std::span<const int64_t> rows, float batch_loss,
                               bool last_of_epoch) {
  StepReport report;
  report.step = state.step;
  report.total_steps = total_steps;
  report.epoch = state.epoch;
  report.n_rows = static_cast<int64_t>(rows.size());
  report.loss = batch_loss;
  report.traced = last_of_epoch || state.step % strides.trace == 0;
  if (report.traced) {
    report.batch_digest = kernels::tile_digest(rows, 0, parallel).hex();
    report.tensors = digests();
  }
  observer.step_finished(report);
}

void Trainer::Run::judge(const std::map<std::string, double>& validation, EpochReport& report) {
  const EarlyStoppingConfig& rule = *config.early_stopping;
  const double value = validation.at(rule.metric);
  const bool larger_is_better = kernels::find_metric(rule.metric)->larger_is_better;
  const double gain = larger_is_better ? value - state.best_value : state.best_value - value;
  report.improved = !kernels::is_nan(value) && (state.best_epoch < 0 || gain > rule.min_delta);
  if (report.improved) {
    state.best_value = value;
    state.best_epoch = state.epoch;
    const auto parameters = std::as_const(network).parameters();
    state.best_parameters.assign(parameters.begin(), parameters.end());
  } else if (state.epoch - state.best_epoch >= rule.patience) {
    state.finished = true;
  }
}

void Trainer::Run::finish_epoch() {
  EpochReport report;
  report.epoch = state.epoch;
  report.step = state.step;
  report.train_loss = state.epoch_loss_sum / static_cast<double>(data.train_rows.size());
  if (!data.validation_rows.empty()) {
    report.validation = evaluate(network);
    if (config.early_stopping) judge(report.validation, report);
  }
  observer.epoch_finished(report);
  ++state.epoch;
  state.rows_in_epoch = 0;
  state.epoch_loss_sum = 0.0;
  if (state.epoch == config.epochs) state.finished = true;
}

TrainingState Trainer::Run::snapshot() const {
  TrainingState copy = state;
  const auto parameters = std::as_const(network).parameters();
  copy.parameters.assign(parameters.begin(), parameters.end());
  copy.optimizer.clear();
  for (const auto& [name, values] : optimizer.state()) {
    copy.optimizer.emplace_back(name, std::vector<float>(values.begin(), values.end()));
  }
  return copy;
}

void Trainer::Run::checkpoint() {
  checkpointed_step = state.step;
  state.observer_mark = observer.checkpoint_due(state.step);
  observer.checkpoint_written(state.step, store.write(snapshot()));
}

void Trainer::Run::finish() {
  if (checkpointed_step != state.step) checkpoint();
  if (!state.best_parameters.empty()) {
    std::copy(state.best_parameters.begin(), state.best_parameters.end(),
              network.parameters().begin());
  }
}

Trainer::Trainer(const TrainConfig& config, uint64_t seed, const TrainingData& data,
                 Network& network, const kernels::Parallel& parallel)
    : config_(config), seed_(seed), data_(data), network_(network), parallel_(parallel) {
  assert(!data.train_rows.empty());
}

Trainer::~Trainer() = default;

int64_t Trainer::steps_per_epoch() const {
  const auto n_rows = static_cast<int64_t>(data_.train_rows.size());
  return kernels::ceil_div(n_rows, config_.batch_size);
}

int64_t Trainer::total_steps() const { return steps_per_epoch() * config_.epochs; }

TrainingSummary Trainer::train(const CheckpointStore& store, bool resume,
                               const TrainingStrides& strides, const Evaluate& evaluate_validation,
                               RunObserver& observer) {
  Run run(*this, store, strides, evaluate_validation, observer);
  if (resume) {
    auto restored = store.read_newest([&](std::string_view text) { observer.note(text); });
    if (restored) run.restore(std::move(*restored));
  }
  observer.training_started(run.state.step, run.total_steps, run.state.observer_mark);
  if (run.state.step == 0) {
    StepReport initial;
    initial.total_steps = run.total_steps;
    initial.traced = true;
    initial.tensors = run.digests();
    observer.step_finished(initial);
  }
  while (!run.state.finished) run.run_epoch();
  run.finish();
  return {run.state.step, run.state.epoch, run.state.best_epoch};
}

}  // namespace reprotrain::engine
