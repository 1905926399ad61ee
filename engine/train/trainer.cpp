// SPDX-License-Identifier: Apache-2.0
#include "engine/train/trainer.h"

#include <algorithm>
#include <cassert>
#include <utility>

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

namespace {

/// Most steps that are queued before their losses are looked at.
constexpr size_t kMostUnsettled = 64;

}  // namespace

/// One call of train(): the state of Trainer that lives only that long.
struct Trainer::Run {
  Run(const Trainer& trainer, const CheckpointStore& checkpoint_store,
      const TrainingStrides& chosen_strides, const Evaluate& evaluate_validation,
      RunObserver& run_observer);

  bool is_reachable(const TrainingState& other) const;
  void restore(TrainingState&& restored);
  void run_epoch();
  void order_rows();
  void run_step(int64_t n);
  BatchTargets gather_targets(int64_t n);
  void finish_epoch();
  void judge(const std::map<std::string, double>& validation, EpochReport& report);
  void report_step(int64_t n);
  void settle();
  NamedDigests digests();
  void checkpoint();
  TrainingState snapshot() const;
  void finish();

  const TrainConfig& config;
  const uint64_t seed;
  const TrainingData& data;
  Network& network;
  ComputeDevice& device;
  const CheckpointStore& store;
  const TrainingStrides& strides;
  const Evaluate& evaluate;
  RunObserver& observer;

  const int64_t steps_per_epoch;
  const int64_t total_steps;
  Optimizer optimizer;
  BatchLoss loss;
  LearningRateSchedule schedule;
  std::vector<float> host_values;  // regression: scaled, (n_rows)
  ResidentArray<float> target_values;
  ResidentArray<int32_t> target_classes;

  TrainingState state;  // its parameter and optimizer copies are filled by snapshot()
  int64_t checkpointed_step = -1;
  std::vector<int64_t> rows_of_epoch;  // training rows in the order of this epoch
  RowOrder order;

  std::vector<StepReport> unsettled;  // steps whose losses are still on the device
  FloatArena losses;                  // one for each of them
  FloatArena step_loss;               // of the newest

  // Work space of one step, where it stays: recorded steps use it.
  FloatArena batch_inputs;
  FloatArena output_gradient;
  DeviceArena<int32_t> batch_classes;
  FloatArena batch_values;
  DeviceArena<kernels::Digest128> tensor_digests;
};

Trainer::Run::Run(const Trainer& trainer, const CheckpointStore& checkpoint_store,
                  const TrainingStrides& chosen_strides, const Evaluate& evaluate_validation,
                  RunObserver& run_observer)
    : config(trainer.config_),
      seed(trainer.seed_),
      data(trainer.data_),
      network(trainer.network_),
      device(network.device()),
      store(checkpoint_store),
      strides(chosen_strides),
      evaluate(evaluate_validation),
      observer(run_observer),
      steps_per_epoch(trainer.steps_per_epoch()),
      total_steps(trainer.total_steps()),
      optimizer(config.optimizer, network.parameter_list(), device),
      loss(config.loss, data.target.n_outputs(),
           class_weights(config.loss, data.target, data.train_rows), device),
      schedule(config.schedule, steps_per_epoch, total_steps),
      losses(device, kMostUnsettled),
      step_loss(device, 1) {
  device.forget_steps();
  if (data.target.task == Task::kRegression) host_values = scaled_values(data.target);
  target_values.assign(device, host_values);
  target_classes.assign(device, data.target.class_of_row);
}

/// Whether training comes by such a state: everything else in it would lead past the ends of arrays, or
/// never to an end.
bool Trainer::Run::is_reachable(const TrainingState& other) const {
  const size_t n_parameters = network.parameters().size();
  const bool has_best = other.best_epoch >= 0;
  const auto n_rows = static_cast<int64_t>(data.train_rows.size());
  return other.parameters.size() == n_parameters &&
         other.best_parameters.size() == (has_best ? n_parameters : 0) &&
         other.optimizer.size() == optimizer.state().size() && other.epoch >= 0 &&
         (other.finished ? other.epoch <= config.epochs : other.epoch < config.epochs) &&
         other.best_epoch <= other.epoch && other.rows_in_epoch >= 0 &&
         other.rows_in_epoch < n_rows && other.rows_in_epoch % config.batch_size == 0 &&
         other.step == other.epoch * steps_per_epoch + other.rows_in_epoch / config.batch_size;
}

void Trainer::Run::restore(TrainingState&& restored) {
  const std::string file = store.file_of(restored.step);
  if (!is_reachable(restored)) {
    throw Error(ErrorKind::kEvidence,
                file + ": does not fit the model and its data; start over with --force");
  }
  state = std::move(restored);
  for (const auto& [name, values] : state.optimizer) {
    if (!optimizer.restore(name, values)) {
      throw Error(ErrorKind::kEvidence, file + ": the optimizer has no state \"" + name +
                                            "\" of that size; start over with --force");
    }
  }
  network.set_parameters(state.parameters);
  checkpointed_step = state.step;
}

void Trainer::Run::order_rows() {
  rows_of_epoch.assign(data.train_rows.begin(), data.train_rows.end());
  if (config.shuffle) {
    const uint32_t stream = kernels::stream_of(kernels::StreamPurpose::kEpochOrder, 0);
    kernels::shuffle_indices({seed, stream, static_cast<uint32_t>(state.epoch)}, rows_of_epoch);
  }
  order.assign(device, rows_of_epoch);
}

void Trainer::Run::run_epoch() {
  order_rows();
  while (state.rows_in_epoch < order.size()) {
    run_step(std::min(config.batch_size, order.size() - state.rows_in_epoch));
    if (state.rows_in_epoch == order.size()) finish_epoch();
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

/// What the next `n` rows should have been.
BatchTargets Trainer::Run::gather_targets(int64_t n) {
  const auto rows = order.device(state.rows_in_epoch, n);
  if (data.target.task == Task::kRegression) {
    batch_values.reserve(device, n);
    device.gather_rows(target_values.data(), sizeof(float), rows, batch_values.data());
    return {{}, batch_values.span().first(rows.size())};
  }
  batch_classes.reserve(device, n);
  device.gather_rows(target_classes.data(), sizeof(int32_t), rows, batch_classes.data());
  return {batch_classes.span().first(rows.size()), {}};
}

void Trainer::Run::run_step(int64_t n) {
  const auto inputs = data.features.gather(order, state.rows_in_epoch, n, batch_inputs);
  const BatchTargets targets = gather_targets(n);
  const StepValues values{static_cast<uint64_t>(state.step), schedule.factor(state.step)};
  device.run_step(values, n, [&] {
    const auto outputs = network.forward_training(inputs, {seed, values.index});
    const auto gradient = output_gradient.matrix(device, n, outputs.n_columns);
    loss.evaluate(outputs, targets, gradient, step_loss.data());
    network.backward(gradient);
    if (config.clip_norm > 0.0) device.clip_by_global_norm(network.gradients(), config.clip_norm);
    optimizer.step(network.parameters(), network.gradients(), values);
  });
  device.copy(step_loss.span(), losses.span().subspan(unsettled.size(), 1));
  ++state.step;
  state.rows_in_epoch += n;
  report_step(n);
}

NamedDigests Trainer::Run::digests() {
  std::vector<std::pair<std::string, std::span<const float>>> tensors;
  const auto parameters = std::as_const(network).parameters();
  for (const Parameter& parameter : network.parameter_list()) {
    tensors.emplace_back(parameter.name, parameters.subspan(static_cast<size_t>(parameter.offset),
                                                            static_cast<size_t>(parameter.size)));
  }
  for (const auto& [name, values] : optimizer.state()) {
    tensors.emplace_back("optimizer/" + name, values);
  }
  std::vector<kernels::Digest128> found(tensors.size());
  tensor_digests.reserve(device, static_cast<int64_t>(tensors.size()));
  for (size_t id = 0; id < tensors.size(); ++id) {
    device.tile_digest(tensors[id].second, id, tensor_digests.data() + id);
  }
  device.download(tensor_digests.data(), found.data(),
                  static_cast<int64_t>(found.size() * sizeof found[0]));
  NamedDigests digests;
  for (size_t id = 0; id < tensors.size(); ++id) {
    digests.emplace_back(std::move(tensors[id].first), found[id].hex());
  }
  return digests;
}

/// Notes the step that was queued last. Its loss is looked at now where that costs no waiting, else
/// when something else has to be fetched from the device.
void Trainer::Run::report_step(int64_t n) {
  StepReport report;
  report.step = state.step;
  report.total_steps = total_steps;
  report.epoch = state.epoch;
  report.n_rows = n;
  report.traced = state.rows_in_epoch == order.size() || state.step % strides.trace == 0;
  if (report.traced) {
    const auto rows = order.host(state.rows_in_epoch - n, n);
    report.batch_digest = kernels::tile_digest(rows, 0, device.host_threads()).hex();
  }
  unsettled.push_back(std::move(report));
  if (unsettled.back().traced || device.is_host() || unsettled.size() == kMostUnsettled) settle();
}

/// Fetches the losses of all steps so far and reports them. Throws DivergedError for the first one that
/// is not finite; what the device has done since is void.
void Trainer::Run::settle() {
  std::vector<float> found(unsettled.size());
  if (found.empty()) return;
  device.download(losses.data(), found.data(), static_cast<int64_t>(found.size() * sizeof(float)));
  std::vector<StepReport> reports = std::exchange(unsettled, {});
  for (size_t i = 0; i < reports.size(); ++i) {
    StepReport& report = reports[i];
    report.loss = found[i];
    if (!kernels::is_finite(report.loss)) throw DivergedError(report.step, report.loss);
    state.epoch_loss_sum += static_cast<double>(report.loss) * static_cast<double>(report.n_rows);
    if (report.traced) report.tensors = digests();  // only the newest one can be
    observer.step_finished(report);
  }
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
    state.best_parameters = network.host_parameters();
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
  copy.parameters = network.host_parameters();
  copy.optimizer.clear();
  for (const auto& [name, values] : optimizer.state()) {
    copy.optimizer.emplace_back(name, std::vector<float>(values.size()));
    device.download(values.data(), copy.optimizer.back().second.data(),
                    static_cast<int64_t>(values.size_bytes()));
  }
  return copy;
}

void Trainer::Run::checkpoint() {
  settle();
  checkpointed_step = state.step;
  state.observer_mark = observer.checkpoint_due(state.step);
  observer.checkpoint_written(state.step, store.write(snapshot()));
}

void Trainer::Run::finish() {
  if (checkpointed_step != state.step) checkpoint();
  if (!state.best_parameters.empty()) network.set_parameters(state.best_parameters);
}

Trainer::Trainer(const TrainConfig& config, uint64_t seed, const TrainingData& data,
                 Network& network)
    : config_(config), seed_(seed), data_(data), network_(network) {
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
