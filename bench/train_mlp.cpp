// SPDX-License-Identifier: Apache-2.0
// Training speed of a multilayer perceptron on random data, as JSON lines: samples per second.
//
//   bench_train_mlp [--threads N] [--shape 64-128-64-10]...      (--help lists the options)
//
// Adam, cross-entropy, relu; shuffled rows are gathered into batches as in a real run, and every
// --trace steps (0: never) all parameters and moments are digested. Beside the rate by the wall
// clock stands the rate by the processor time of the process, which other processes do not use up.
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bench/command_line.h"
#include "bench/timing.h"
#include "engine/device/cpu_device.h"
#include "engine/device/cpu_threads.h"
#include "engine/models/network.h"
#include "engine/train/loss.h"
#include "engine/train/optimizer.h"
#include "kernels/digest/tile_digest.h"
#include "kernels/random/philox.h"
#include "kernels/random/shuffle.h"

namespace reprotrain {
namespace {

struct Options {
  int n_threads = 1;
  double seconds = 1.0;
  std::string shape = "64-128-64-10";
  int64_t batch_size = 64;
  int64_t trace_stride = 10;
};

std::vector<int64_t> widths_of(const std::string& shape) {
  std::vector<int64_t> widths;
  std::istringstream parts(shape);
  for (std::string part; std::getline(parts, part, '-');) {
    widths.push_back(std::atoll(part.c_str()));
    if (widths.back() < 1) widths.clear();
  }
  if (widths.size() < 2) throw std::invalid_argument("--shape takes widths such as 64-128-64-10");
  return widths;
}

/// Random inputs and labels, and everything a training step needs.
class Workload {
 public:
  static constexpr int64_t kRows = 8192;

  Workload(const std::vector<int64_t>& widths, const Options& options)
      : n_features_(widths.front()),
        n_classes_(widths.back()),
        batch_size_(options.batch_size),
        trace_stride_(static_cast<uint64_t>(options.trace_stride)),
        threads_(options.n_threads),
        network_(model_of(widths), n_features_, n_classes_, 1, device_),
        optimizer_(engine::OptimizerConfig{}, network_.parameter_list(), device_),
        loss_(cross_entropy(), n_classes_, {}, device_) {
    for (int64_t i = 0; i < kRows * n_features_; ++i) {
      inputs_.push_back(kernels::random_unit({1, 0, 0}, static_cast<uint64_t>(i)));
    }
    for (int64_t i = 0; i < kRows; ++i) {
      labels_.push_back(
          static_cast<int32_t>(kernels::random_word({2, 0, 0}, static_cast<uint64_t>(i)) %
                               static_cast<uint64_t>(n_classes_)));
      order_.push_back(i);
    }
    batch_inputs_.resize(static_cast<size_t>(batch_size_ * n_features_));
    batch_labels_.resize(static_cast<size_t>(batch_size_));
    gradient_.resize(static_cast<size_t>(batch_size_ * n_classes_));
  }

  /// One pass over all rows; returns how many were trained on.
  int64_t epoch() {
    kernels::shuffle_indices({1, 1, epoch_++}, order_);
    for (int64_t begin = 0; begin + batch_size_ <= kRows; begin += batch_size_) train_step(begin);
    return kRows / batch_size_ * batch_size_;
  }

  float last_loss() const { return last_loss_; }
  std::string digest() const { return digest_.hex(); }

 private:
  static engine::ModelConfig model_of(const std::vector<int64_t>& widths) {
    engine::ModelConfig model;
    model.hidden.assign(widths.begin() + 1, widths.end() - 1);
    return model;
  }
  static engine::LossConfig cross_entropy() {
    engine::LossConfig loss;
    loss.kind = engine::LossKind::kCrossEntropy;
    return loss;
  }

  void train_step(int64_t begin) {
    const std::span<const int64_t> rows(order_.data() + begin, static_cast<size_t>(batch_size_));
    device_.gather_rows(inputs_.data(), n_features_ * static_cast<int64_t>(sizeof(float)), rows,
                        batch_inputs_.data());
    device_.gather_rows(labels_.data(), sizeof(int32_t), rows, batch_labels_.data());
    const auto inputs =
        kernels::dense_view<const float>(batch_inputs_.data(), batch_size_, n_features_);
    const auto gradient = kernels::dense_view(gradient_.data(), batch_size_, n_classes_);
    const auto outputs = network_.forward_training(inputs, {1, step_});
    loss_.evaluate(outputs, {batch_labels_, {}}, gradient, &last_loss_);
    network_.backward(gradient);
    optimizer_.step(network_.parameters(), network_.gradients(), {step_, 1.0});
    ++step_;
    if (trace_stride_ != 0 && step_ % trace_stride_ == 0) digest_all();
  }

  void digest_all() {
    uint64_t tensor = 0;
    for (const engine::Parameter& parameter : network_.parameter_list()) {
      const auto values = std::as_const(network_).parameters().subspan(
          static_cast<size_t>(parameter.offset), static_cast<size_t>(parameter.size));
      digest_.merge(kernels::tile_digest(values, tensor++, threads_));
    }
    for (const auto& [name, values] : optimizer_.state()) {
      digest_.merge(kernels::tile_digest(values, tensor++, threads_));
    }
  }

  int64_t n_features_;
  int64_t n_classes_;
  int64_t batch_size_;
  uint64_t trace_stride_;
  engine::CpuThreads threads_;
  engine::CpuDevice device_{threads_};
  engine::Network network_;
  engine::Optimizer optimizer_;
  engine::BatchLoss loss_;
  std::vector<float> inputs_;
  std::vector<int32_t> labels_;
  std::vector<int64_t> order_;
  std::vector<float> batch_inputs_;
  std::vector<int32_t> batch_labels_;
  std::vector<float> gradient_;
  uint64_t step_ = 0;
  uint32_t epoch_ = 0;
  float last_loss_ = 0.0f;
  kernels::Digest128 digest_;
};

int measure(const Options& options) {
  using bench::seconds;
  if (options.batch_size > Workload::kRows)
    throw std::invalid_argument("--batch: there are 8192 rows");
  Workload workload(widths_of(options.shape), options);
  workload.epoch();  // warm caches and work space
  const double start = seconds(CLOCK_MONOTONIC);
  const double processor_start = seconds(CLOCK_PROCESS_CPUTIME_ID);
  int64_t n_rows = 0;
  while (seconds(CLOCK_MONOTONIC) - start < options.seconds) n_rows += workload.epoch();
  const double elapsed = seconds(CLOCK_MONOTONIC) - start;
  const double processor_time = seconds(CLOCK_PROCESS_CPUTIME_ID) - processor_start;
  std::printf(
      "{\"shape\": \"%s\", \"batch\": %lld, \"threads\": %d, \"samples_per_second\": %.0f, "
      "\"samples_per_processor_second\": %.0f, \"loss\": %.6f, \"digest\": \"%s\"}\n",
      options.shape.c_str(), static_cast<long long>(options.batch_size), options.n_threads,
      static_cast<double>(n_rows) / elapsed, static_cast<double>(n_rows) / processor_time,
      static_cast<double>(workload.last_loss()), workload.digest().c_str());
  return 0;
}

}  // namespace
}  // namespace reprotrain

int main(int argc, char** argv) {
  using namespace reprotrain;
  Options options;
  bench::CommandLine line("bench_train_mlp", "Training speed of a perceptron, as a line of JSON.");
  line.option("--threads", options.n_threads, "threads of a step");
  line.option("--seconds", options.seconds, "how long to train at least");
  line.option("--shape", options.shape, "widths of the layers, input and classes included");
  line.option("--batch", options.batch_size, "rows of a step, 8192 at most");
  line.option("--trace", options.trace_stride, "steps from digest to digest; 0: none", 0);
  return line.run(argc, argv, [&options] { return measure(options); });
}
