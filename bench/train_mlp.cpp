// SPDX-License-Identifier: Apache-2.0
// Training speed of a multilayer perceptron on random data, as JSON lines: samples per second.
//
//   bench_train_mlp [--threads N] [--seconds S] [--shape 64-128-64-10] [--batch 64]
// Adam, cross-entropy, relu; shuffled rows are gathered into batches as in a real run.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "engine/device/cpu_threads.h"
#include "engine/models/network.h"
#include "engine/train/loss.h"
#include "engine/train/optimizer.h"
#include "kernels/random/philox.h"
#include "kernels/random/shuffle.h"

namespace reprotrain {
namespace {

struct Options {
  int n_threads = 1;
  double seconds = 1.0;
  std::string shape = "64-128-64-10";
  int64_t batch_size = 64;
};

std::vector<int64_t> widths_of(const std::string& shape) {
  std::vector<int64_t> widths;
  std::istringstream parts(shape);
  for (std::string part; std::getline(parts, part, '-');) widths.push_back(std::stoll(part));
  return widths;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string key = argv[i];
    const std::string value = argv[i + 1];
    if (key == "--threads") options.n_threads = std::stoi(value);
    if (key == "--seconds") options.seconds = std::stod(value);
    if (key == "--shape") options.shape = value;
    if (key == "--batch") options.batch_size = std::stoll(value);
  }
  return options;
}

/// Random inputs and labels, and everything a training step needs.
class Workload {
 public:
  Workload(const std::vector<int64_t>& widths, int64_t batch_size, int n_threads)
      : n_features_(widths.front()),
        n_classes_(widths.back()),
        batch_size_(batch_size),
        threads_(n_threads),
        network_(model_of(widths), n_features_, n_classes_, 1),
        optimizer_(engine::OptimizerConfig{}, network_.parameter_list()),
        loss_(cross_entropy(), n_classes_, {}) {
    for (int64_t i = 0; i < kRows * n_features_; ++i) {
      inputs_.push_back(kernels::random_unit({1, 0, 0}, static_cast<uint64_t>(i)));
    }
    for (int64_t i = 0; i < kRows; ++i) {
      labels_.push_back(
          static_cast<int32_t>(kernels::random_word({2, 0, 0}, static_cast<uint64_t>(i)) %
                               static_cast<uint64_t>(n_classes_)));
      order_.push_back(i);
    }
    batch_inputs_.resize(static_cast<size_t>(batch_size * n_features_));
    batch_labels_.resize(static_cast<size_t>(batch_size));
    gradient_.resize(static_cast<size_t>(batch_size * n_classes_));
  }

  /// One pass over all rows; returns how many were trained on.
  int64_t epoch() {
    kernels::shuffle_indices({1, 1, epoch_++}, order_);
    for (int64_t begin = 0; begin + batch_size_ <= kRows; begin += batch_size_) train_step(begin);
    return kRows / batch_size_ * batch_size_;
  }

  float last_loss() const { return last_loss_; }

 private:
  static constexpr int64_t kRows = 8192;

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
    for (int64_t i = 0; i < batch_size_; ++i) {
      const int64_t row = order_[static_cast<size_t>(begin + i)];
      std::memcpy(batch_inputs_.data() + i * n_features_, inputs_.data() + row * n_features_,
                  static_cast<size_t>(n_features_) * sizeof(float));
      batch_labels_[static_cast<size_t>(i)] = labels_[static_cast<size_t>(row)];
    }
    const auto inputs =
        kernels::dense_view<const float>(batch_inputs_.data(), batch_size_, n_features_);
    const auto gradient = kernels::dense_view(gradient_.data(), batch_size_, n_classes_);
    const auto outputs = network_.forward_training(inputs, {1, step_}, threads_);
    last_loss_ = loss_.evaluate(outputs, {batch_labels_, {}}, gradient, threads_);
    network_.backward(gradient, threads_);
    optimizer_.step(network_.parameters(), network_.gradients(), 1.0, step_, threads_);
    ++step_;
  }

  int64_t n_features_;
  int64_t n_classes_;
  int64_t batch_size_;
  engine::CpuThreads threads_;
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
};

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace
}  // namespace reprotrain

int main(int argc, char** argv) {
  using namespace reprotrain;
  const Options options = parse(argc, argv);
  Workload workload(widths_of(options.shape), options.batch_size, options.n_threads);
  workload.epoch();  // warm caches and work space
  const double start = now_seconds();
  int64_t n_rows = 0;
  while (now_seconds() - start < options.seconds) n_rows += workload.epoch();
  const double elapsed = now_seconds() - start;
  std::printf(
      "{\"shape\": \"%s\", \"batch\": %lld, \"threads\": %d, \"samples_per_second\": %.0f, "
      "\"loss\": %.6f}\n",
      options.shape.c_str(), static_cast<long long>(options.batch_size), options.n_threads,
      static_cast<double>(n_rows) / elapsed, static_cast<double>(workload.last_loss()));
  return 0;
}
