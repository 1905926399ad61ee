// SPDX-License-Identifier: Apache-2.0
// The known answers are compared by the conformance checks; here: larger cases, alignment, refusals.
#include "kernels/conv/pooling_cuda.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "kernels/conformance/device_array.h"
#include "kernels/conformance/test_values.h"
#include "tests/kernels/conv/pooling_cases.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

using testing::all_poolings;
using testing::bit_patterns;
using testing::Bits;
using testing::for_each_schedule;

std::vector<float> elements(std::string_view family, uint64_t first, int64_t n) {
  std::vector<float> values;
  for (uint64_t i = 0; i < static_cast<uint64_t>(n); ++i) {
    values.push_back(element(family, first + i));
  }
  return values;
}

enum class Kind { kMax, kAverage, kGlobalAverage };

/// Operands of both passes on the host, and their results by either device.
class Passes {
 public:
  Passes(Kind kind, std::string_view family, int64_t n, const Pooling& pooling)
      : kind_(kind),
        n_(n),
        pooling_(pooling),
        n_outputs_(kind == Kind::kGlobalAverage ? pooling.n_channels : pooling.n_outputs()),
        images_(elements(family, 0, n * pooling.n_inputs())),
        delta_(elements(family, uint64_t{1} << 22, n * n_outputs_)) {}

  /// Outputs, gradient, and winners where there are some.
  std::vector<Bits> on_cpu() const {
    std::vector<float> outputs(delta_.size()), gradient(images_.size());
    std::vector<int32_t> memory(delta_.size());
    const auto images = view(images_.data(), pooling_.n_inputs());
    const auto delta = view(delta_.data(), n_outputs_);
    const auto y = view(outputs.data(), n_outputs_);
    const auto dx = view(gradient.data(), pooling_.n_inputs());
    const auto winners = view(memory.data(), n_outputs_);
    const SerialParallel serial;
    switch (kind_) {
      case Kind::kMax:
        max_pooling_forward({pooling_, images, y, winners}, serial);
        max_pooling_backward({pooling_, winners, delta, dx}, serial);
        break;
      case Kind::kAverage:
        average_pooling_forward(pooling_, images, y, serial);
        average_pooling_backward(pooling_, delta, dx, serial);
        break;
      case Kind::kGlobalAverage:
        global_average_forward(images, y, serial);
        global_average_backward(delta, dx, serial);
        break;
    }
    return {bit_patterns(outputs), bit_patterns(gradient), Bits(memory.begin(), memory.end())};
  }

  /// The same, from memory that begins `shift` elements behind an aligned address.
  std::vector<Bits> on_device(size_t shift) const {
    const DeviceArray<float> images(images_, shift), delta(delta_, shift);
    const DeviceArray<float> outputs(delta_.size(), shift), gradient(images_.size(), shift);
    const DeviceArray<int32_t> memory(std::vector<int32_t>(delta_.size()), shift);
    const auto x = view(images.data(), pooling_.n_inputs());
    const auto dy = view(delta.data(), n_outputs_);
    const auto y = view(outputs.data(), n_outputs_);
    const auto dx = view(gradient.data(), pooling_.n_inputs());
    const auto winners = view(memory.data(), n_outputs_);
    switch (kind_) {
      case Kind::kMax:
        max_pooling_forward_cuda({pooling_, x, y}, nullptr);
        EXPECT_EQ(memory.values(), std::vector<int32_t>(delta_.size()));
        EXPECT_EQ(bit_patterns(outputs.values()), on_cpu()[0]);
        max_pooling_forward_cuda({pooling_, x, y, winners}, nullptr);
        max_pooling_backward_cuda({pooling_, winners, dy, dx}, nullptr);
        break;
      case Kind::kAverage:
        average_pooling_forward_cuda(pooling_, x, y, nullptr);
        average_pooling_backward_cuda(pooling_, dy, dx, nullptr);
        break;
      case Kind::kGlobalAverage:
        global_average_forward_cuda(x, y, nullptr);
        global_average_backward_cuda(dy, dx, nullptr);
        break;
    }
    const std::vector<int32_t> positions = memory.values();
    return {bit_patterns(outputs.values()), bit_patterns(gradient.values()),
            Bits(positions.begin(), positions.end())};
  }

 private:
  template <typename T>
  BasicMatrixView<T> view(T* data, int64_t n_columns) const {
    return dense_view(data, n_, n_columns);
  }

  Kind kind_;
  int64_t n_;
  Pooling pooling_;
  int64_t n_outputs_;
  std::vector<float> images_, delta_;
};

void expect_the_bits_of_the_cpu(Kind kind, std::string_view family, int64_t n,
                                const Pooling& pooling) {
  const Passes passes(kind, family, n, pooling);
  const std::vector<Bits> expected = passes.on_cpu();
  for (const size_t shift : {0, 1}) {
    for_each_schedule(3, [&] {
      EXPECT_EQ(passes.on_device(shift), expected)
          << family << " " << n << " images of " << pooling.y.size << " x " << pooling.x.size;
    });
  }
}

TEST(PoolingCuda, HasTheBitsAndTheWinnersOfTheCpu) {
  for (const Kind kind : {Kind::kMax, Kind::kAverage}) {
    for (const Pooling& pooling : all_poolings()) {
      for (const std::string_view family : {"unit", "special", "cancel"}) {
        expect_the_bits_of_the_cpu(kind, family, 3, pooling);
      }
      expect_the_bits_of_the_cpu(kind, "unit", 0, pooling);
    }
  }
}

TEST(GlobalAverageCuda, HasTheBitsOfTheCpuForEveryNumberOfPixelsAndChannels) {
  for (const int64_t n_pixels : {1, 7, 8, 9, 31, 32, 33, 49, 257}) {
    for (const int64_t n_channels : {1, 31, 32, 33, 70}) {
      Pooling pooling;
      pooling.x.size = n_pixels;
      pooling.n_channels = n_channels;
      expect_the_bits_of_the_cpu(Kind::kGlobalAverage, "wide", 3, pooling);
    }
  }
  Pooling pooling;
  pooling.n_channels = 5;
  expect_the_bits_of_the_cpu(Kind::kGlobalAverage, "special", 0, pooling);
}

TEST(PoolingCuda, RefusesMatricesThatDoNotFit) {
  const Pooling pooling = all_poolings().front();
  std::vector<float> memory(static_cast<size_t>(2 * pooling.n_inputs()));
  std::vector<int32_t> numbers(memory.size());
  const MatrixView images = dense_view(memory.data(), 2, pooling.n_inputs());
  const MatrixView outputs = dense_view(memory.data(), 2, pooling.n_outputs());
  const auto winners = dense_view(numbers.data(), 2, pooling.n_outputs() - 1);
  const auto averages = dense_view(memory.data(), 1, pooling.n_channels);
  EXPECT_THROW(max_pooling_forward_cuda({pooling, images, outputs, winners}, nullptr),
               std::invalid_argument);
  EXPECT_THROW(max_pooling_backward_cuda({pooling, winners, outputs, images}, nullptr),
               std::invalid_argument);
  EXPECT_THROW(average_pooling_forward_cuda(pooling, outputs, outputs, nullptr),
               std::invalid_argument);
  EXPECT_THROW(average_pooling_backward_cuda(pooling, images, images, nullptr),
               std::invalid_argument);
  EXPECT_THROW(global_average_forward_cuda(images, averages, nullptr), std::invalid_argument);
  EXPECT_THROW(global_average_backward_cuda(averages, images, nullptr), std::invalid_argument);
}

}  // namespace
}  // namespace reprotrain::kernels
