// SPDX-License-Identifier: Apache-2.0
// Training speed on random data, as a line of JSON: samples per second.
//
//   bench_train [--network 64-128-64-10|lenet] [--threads N] [--overhead ROUNDS]   (--help: all options)
//
// The trainer of a real run: Adam, cross-entropy, relu, shuffled batches; a recorder writes log and trace,
// with digests of all parameters and moments every --trace steps. Beside the rate by the wall clock
// stands the rate by the processor time of the process, which other processes do not use up.
// --overhead trains recorded and bare in turns, bare without recorder and digests, and reports both.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/command_line.h"
#include "bench/timing.h"
#include "engine/device/cpu_device.h"
#include "engine/device/cpu_threads.h"
#include "engine/features/feature_rows.h"
#include "engine/models/network.h"
#include "engine/train/trainer.h"
#include "harness/record/run_directory.h"
#include "harness/record/run_recorder.h"
#include "kernels/random/philox.h"

namespace reprotrain::bench {
namespace {

using engine::LayerConfig;
using engine::LayerKind;

struct Options {
  int n_threads = 1;
  double seconds = 1.0;
  std::string network = "64-128-64-10";
  std::string matmul = "fma32";
  int64_t batch_size = 64;
  int64_t trace_stride = 10;
  int overhead_rounds = 0;
};

constexpr int64_t kRows = 16384;
/// So many steps warm caches and work space before time is taken.
constexpr int64_t kWarmingSteps = 40;

/// A network, and what it expects.
struct NetworkChoice {
  engine::ModelConfig model;
  int64_t n_features = 0;
  int64_t n_classes = 0;
};

NetworkChoice perceptron(const std::string& shape) {
  std::vector<int64_t> widths;
  std::istringstream parts(shape);
  for (std::string part; std::getline(parts, part, '-');) {
    widths.push_back(std::atoll(part.c_str()));
    if (widths.back() < 1) widths.clear();
  }
  if (widths.size() < 2) {
    throw std::invalid_argument("--network takes lenet, or widths such as 64-128-64-10");
  }
  NetworkChoice choice{{}, widths.front(), widths.back()};
  choice.model.hidden.assign(widths.begin() + 1, widths.end() - 1);
  return choice;
}

/// LeNet-5 with relu and maxima for images of 28 x 28, as in configs/mnist/lenet.json.
NetworkChoice lenet() {
  const auto convolution = [](int64_t n_channels, bool pads) {
    LayerConfig layer;
    layer.kind = LayerKind::kConv2d;
    layer.size = n_channels;
    layer.window = 5;
    layer.pads = pads;
    layer.activation = engine::Activation::kRelu;
    return layer;
  };
  const auto dense = [](int64_t n_units) {
    LayerConfig layer;
    layer.kind = LayerKind::kDense;
    layer.size = n_units;
    layer.activation = engine::Activation::kRelu;
    return layer;
  };
  LayerConfig pool;
  pool.kind = LayerKind::kMaxPool;
  pool.window = 2;
  pool.stride = 2;
  NetworkChoice choice{{}, 28 * 28, 10};
  choice.model.type = "network";
  choice.model.image = engine::ImageConfig{28, 28, 1};
  choice.model.layers = {
      convolution(6, true), pool,     convolution(16, false), pool, LayerConfig{},
      dense(120),           dense(84)};
  return choice;
}

NetworkChoice chosen_network(const Options& options) {
  NetworkChoice choice = options.network == "lenet" ? lenet() : perceptron(options.network);
  const auto matmul = kernels::matmul_called(options.matmul);
  if (!matmul) throw std::invalid_argument("--matmul takes fma32, int8x2 or int8x3");
  choice.model.matmul = *matmul;
  return choice;
}

/// Takes the time of steps, and asks to stop when it has been long enough.
class StepClock final : public engine::RunObserver {
 public:
  explicit StepClock(double duration) : duration_(duration) {}

  void step_finished(const engine::StepReport& report) override {
    if (report.step < kWarmingSteps) return;
    if (report.step == kWarmingSteps) {
      start_ = seconds(CLOCK_MONOTONIC);
      processor_start_ = seconds(CLOCK_PROCESS_CPUTIME_ID);
      return;
    }
    n_rows_ += report.n_rows;
    elapsed_ = seconds(CLOCK_MONOTONIC) - start_;
    processor_time_ = seconds(CLOCK_PROCESS_CPUTIME_ID) - processor_start_;
    loss_ = report.loss;
  }
  bool stop_requested() override { return elapsed_ >= duration_; }

  void stage_started(std::string_view /*name*/) override {}
  void stage_finished(const engine::StageReport& /*report*/) override {}
  void training_started(int64_t /*first*/, int64_t /*total*/,
                        const std::string& /*mark*/) override {}
  void epoch_finished(const engine::EpochReport& /*report*/) override {}
  std::string checkpoint_due(int64_t /*step*/) override { return {}; }
  void checkpoint_written(int64_t /*step*/, const std::string& /*directory*/) override {}
  void note(std::string_view text) override {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  }

  double rate() const { return static_cast<double>(n_rows_) / elapsed_; }
  double processor_rate() const { return static_cast<double>(n_rows_) / processor_time_; }
  float loss() const { return loss_; }

 private:
  double duration_;
  double start_ = 0.0, processor_start_ = 0.0;
  double elapsed_ = 0.0, processor_time_ = 0.0;
  int64_t n_rows_ = 0;
  float loss_ = 0.0f;
};

/// A directory that lasts as long as the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory()
      : path_(std::filesystem::temp_directory_path() /
              ("reprotrain_bench_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_ / "result");
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// Random inputs and labels, and training on them.
class Workload {
 public:
  explicit Workload(const Options& options)
      : options_(options), choice_(chosen_network(options)), threads_(options.n_threads) {
    features_.n_rows = kRows;
    features_.names.resize(static_cast<size_t>(choice_.n_features));
    for (int64_t i = 0; i < kRows * choice_.n_features; ++i) {
      features_.values.push_back(kernels::random_unit({1, 0, 0}, static_cast<uint64_t>(i)));
    }
    target_.task = engine::Task::kMulticlass;
    target_.classes.resize(static_cast<size_t>(choice_.n_classes));
    for (int64_t i = 0; i < kRows; ++i) {
      const uint32_t word = kernels::random_word({2, 0, 0}, static_cast<uint64_t>(i));
      target_.class_of_row.push_back(static_cast<int32_t>(word % choice_.n_classes));
      rows_.push_back(i);
    }
    config_.epochs = int64_t{1} << 20;
    config_.batch_size = options.batch_size;
    config_.loss.kind = engine::LossKind::kCrossEntropy;
  }

  /// Trains a new network until the clock has seen enough.
  StepClock train(bool is_recorded) {
    const TemporaryDirectory directory;
    StepClock clock(options_.seconds);
    if (!is_recorded) {
      run(directory.path(), kNever, clock);
    } else {
      harness::RunRecorder recorder(harness::RunPaths(directory.path()), "info", clock);
      run(directory.path(), options_.trace_stride == 0 ? kNever : options_.trace_stride, recorder);
    }
    return clock;
  }

 private:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  void run(const std::string& directory, int64_t trace_stride, engine::RunObserver& observer) {
    engine::Network network(choice_.model, choice_.n_features, choice_.n_classes, 1, device_);
    engine::FeatureRows feature_rows(features_, device_);
    engine::Trainer trainer(config_, 1, {feature_rows, target_, rows_, {}}, network);
    try {
      trainer.train({directory + "/checkpoints", {}, 1}, false, {trace_stride, 0}, {}, observer);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInterrupted) throw;
    }
  }

  Options options_;
  NetworkChoice choice_;
  engine::CpuThreads threads_;
  engine::CpuDevice device_{threads_};
  engine::FeatureMatrix features_;
  engine::Target target_;
  std::vector<int64_t> rows_;
  engine::TrainConfig config_;
};

void print_case(const Options& options) {
  std::printf("{\"network\": \"%s\", \"matmul\": \"%s\", \"batch\": %lld, \"threads\": %d",
              options.network.c_str(), options.matmul.c_str(),
              static_cast<long long>(options.batch_size), options.n_threads);
}

/// Recorded and bare in turns, so that both meet the same machine.
int measure_overhead(const Options& options, Workload& workload) {
  std::vector<double> recorded, bare, shares;
  for (int round = 0; round < options.overhead_rounds; ++round) {
    const auto rate = [&](bool is_recorded) {
      const StepClock clock = workload.train(is_recorded);
      return options.n_threads == 1 ? clock.processor_rate() : clock.rate();
    };
    const bool first_is_recorded = round % 2 == 0;
    const double first = rate(first_is_recorded), second = rate(!first_is_recorded);
    recorded.push_back(first_is_recorded ? first : second);
    bare.push_back(first_is_recorded ? second : first);
    shares.push_back(1.0 - recorded.back() / bare.back());
  }
  print_case(options);
  std::printf(
      ", \"trace\": %lld, \"recorded_samples_per_second\": %.0f, \"bare_samples_per_second\": "
      "%.0f, "
      "\"overhead_percent\": %.2f}\n",
      static_cast<long long>(options.trace_stride), median(recorded), median(bare),
      100.0 * median(shares));
  return 0;
}

int measure(const Options& options) {
  if (options.batch_size > kRows) throw std::invalid_argument("--batch: there are 16384 rows");
  Workload workload(options);
  if (options.overhead_rounds > 0) return measure_overhead(options, workload);
  const StepClock clock = workload.train(/*is_recorded=*/true);
  print_case(options);
  std::printf(
      ", \"samples_per_second\": %.0f, \"samples_per_processor_second\": %.0f, \"loss\": %.6f}\n",
      clock.rate(), clock.processor_rate(), static_cast<double>(clock.loss()));
  return 0;
}

}  // namespace
}  // namespace reprotrain::bench

int main(int argc, char** argv) {
  using namespace reprotrain::bench;
  Options options;
  CommandLine line("bench_train", "Training speed, as a line of JSON.");
  line.option("--network", options.network,
              "lenet, or widths of layers, input and classes included");
  line.option("--matmul", options.matmul, "the specification of all products");
  line.option("--threads", options.n_threads, "threads of a step");
  line.option("--seconds", options.seconds, "how long to train at least");
  line.option("--batch", options.batch_size, "rows of a step, 16384 at most");
  line.option("--trace", options.trace_stride, "steps from digest to digest; 0: none", 0);
  line.option("--overhead", options.overhead_rounds,
              "rounds of recorded and bare training in turns; 0: recorded only", 0);
  return line.run(argc, argv, [&options] { return measure(options); });
}
