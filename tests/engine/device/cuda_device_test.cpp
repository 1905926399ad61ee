// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cuda/cuda_device.h"

#include <gtest/gtest.h>

#include <vector>

#include "engine/device/cpu_device.h"
#include "engine/device/device_arena.h"
#include "engine/models/network.h"
#include "engine/train/optimizer.h"
#include "kernels/conformance/test_values.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/cuda_schedules.h"
#include "tests/support/serial_device.h"

namespace reprotrain::engine {
namespace {

constexpr int64_t kFeatures = 19;
constexpr int64_t kOutputs = 7;
constexpr int64_t kRows = 33;

std::vector<float> some_values(int64_t n, uint64_t first) {
  std::vector<float> values;
  for (uint64_t i = 0; i < static_cast<uint64_t>(n); ++i) {
    values.push_back(kernels::element("unit", first + i));
  }
  return values;
}

ModelConfig model() {
  ModelConfig config;
  config.hidden = {21};
  config.dropout = 0.25;
  config.matmul = kernels::MatmulSpecification::kInt8x2;  // its products need work space
  return config;
}

/// A network that is trained on one batch again and again.
class Training {
 public:
  explicit Training(ComputeDevice& device)
      : device_(device),
        network_(model(), kFeatures, kOutputs, 3, device),
        optimizer_({}, network_.parameter_list(), device),
        inputs_(device, kRows * kFeatures),
        gradient_(device, kRows * kOutputs) {
    send(some_values(kRows * kFeatures, 0), inputs_);
    send(some_values(kRows * kOutputs, 5000), gradient_);
  }

  void step(uint64_t index) {
    const StepValues values{index, 1.0 / static_cast<double>(index + 1)};
    device_.run_step(values, kRows, [&] {
      ++n_queued_;
      network_.forward_training(inputs_.matrix(device_, kRows, kFeatures), {3, index});
      network_.backward(gradient_.matrix(device_, kRows, kOutputs));
      optimizer_.step(network_.parameters(), network_.gradients(), values);
    });
  }

  testing::Bits parameters() const { return testing::bit_patterns(network_.host_parameters()); }
  int n_queued() const { return n_queued_; }

 private:
  void send(const std::vector<float>& from, FloatArena& to) {
    device_.upload(from.data(), to.data(), static_cast<int64_t>(from.size() * sizeof(float)));
  }

  ComputeDevice& device_;
  Network network_;
  Optimizer optimizer_;
  FloatArena inputs_;
  FloatArena gradient_;
  int n_queued_ = 0;
};

CudaDevice cuda_device(const kernels::Parallel& threads) {
  return CudaDevice(0, 0, std::make_unique<kernels::TiledInt8Gemm>(), nullptr, threads);
}

testing::Bits parameters_of_cpu(uint64_t n_steps) {
  Training training(testing::serial_device());
  for (uint64_t step = 0; step < n_steps; ++step) training.step(step);
  return training.parameters();
}

TEST(CudaDevice, RepeatsARecordedStepWithTheValuesOfEach) {
  const auto expected = parameters_of_cpu(6);
  testing::for_each_schedule([&] {
    const kernels::SerialParallel serial;
    CudaDevice device = cuda_device(serial);
    Training training(device);
    for (uint64_t step = 0; step < 6; ++step) training.step(step);
    EXPECT_EQ(training.parameters(), expected);
    EXPECT_EQ(training.n_queued(), 2);  // once at once, once to be recorded
  });
}

TEST(CudaDevice, RecordsAnewWhenItsWorkSpaceHasMoved) {
  const auto expected = parameters_of_cpu(6);
  const kernels::SerialParallel serial;
  CudaDevice device = cuda_device(serial);
  Training training(device);
  for (uint64_t step = 0; step < 3; ++step) training.step(step);

  constexpr int64_t kSide = 300;
  FloatArena a(device, kSide * kSide), c(device, kSide * kSide);
  kernels::MatrixProduct product;
  product.a = a.matrix(device, kSide, kSide);
  product.b = a.matrix(device, kSide, kSide);
  product.c = c.matrix(device, kSide, kSide);
  device.multiply(kernels::MatmulSpecification::kInt8x3, product);

  std::vector<FloatArena> bystanders;  // memory that was the old work space is among them
  for (int64_t n_floats = 64; n_floats <= 1 << 16; n_floats += n_floats / 4) {
    bystanders.emplace_back(device, n_floats);
  }
  for (uint64_t step = 3; step < 6; ++step) training.step(step);
  EXPECT_EQ(training.parameters(), expected);
  EXPECT_EQ(training.n_queued(), 4);
  for (const FloatArena& bystander : bystanders) {
    std::vector<float> values(bystander.span().size(), 1.0f);
    device.download(bystander.data(), values.data(),
                    static_cast<int64_t>(bystander.span().size_bytes()));
    EXPECT_EQ(values, std::vector<float>(values.size(), 0.0f));
  }
}

}  // namespace
}  // namespace reprotrain::engine
