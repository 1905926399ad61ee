// SPDX-License-Identifier: Apache-2.0
#include "kernels/library/operands_cuda.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/conformance/device_array.h"
#include "kernels/library/bfloat16.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

constexpr int64_t kShapes[][2] = {{0, 5}, {1, 1}, {3, 4}, {7, 13}, {65, 33}};

std::vector<float> numbers(int64_t n) {
  std::vector<float> values;
  for (int64_t i = 0; i < n; ++i) {
    values.push_back(static_cast<float>(i * 7919 % 1009) * 0.37f - 100.0f);
  }
  return values;
}

ConstMatrixView view_of(const DeviceArray<float>& array, int64_t n_rows, int64_t n_columns) {
  return {array.data(), n_rows, n_columns, n_columns};
}

TEST(OperandsCuda, RoundsRowsOfAnyWidthAndLeavesWhatLiesBetween) {
  for (const auto& [n_rows, n_columns] : kShapes) {
    const std::vector<float> values = numbers(n_rows * n_columns);
    const int64_t stride = n_columns + 3;
    constexpr uint16_t kUntouched = 0x1234;
    std::vector<uint16_t> expected(static_cast<size_t>(n_rows * stride), kUntouched);
    for (int64_t row = 0; row < n_rows; ++row) {
      for (int64_t column = 0; column < n_columns; ++column) {
        expected[static_cast<size_t>(row * stride + column)] =
            to_bfloat16(values[static_cast<size_t>(row * n_columns + column)]);
      }
    }
    testing::for_each_schedule([&] {
      const DeviceArray<float> from(values);
      const DeviceArray<uint16_t> to(std::vector<uint16_t>(expected.size(), kUntouched));
      round_to_bfloat16_cuda(view_of(from, n_rows, n_columns), to.data(), stride, nullptr);
      EXPECT_EQ(to.values(), expected) << n_rows << " " << n_columns;
    });
  }
}

TEST(OperandsCuda, WidensWhatItRounded) {
  std::vector<uint16_t> rounded;
  std::vector<float> expected;
  for (uint16_t i = 0; i < 1000; ++i) {
    rounded.push_back(static_cast<uint16_t>(i * 31));
    expected.push_back(from_bfloat16(rounded.back()));
  }
  testing::for_each_schedule([&] {
    const DeviceArray<uint16_t> from(rounded);
    const DeviceArray<float> to(static_cast<int64_t>(rounded.size()));
    widen_bfloat16_cuda(from.data(), to.data(), static_cast<int64_t>(rounded.size()), nullptr);
    EXPECT_EQ(to.values(), expected);
  });
}

TEST(OperandsCuda, Transposes) {
  for (const auto& [n_rows, n_columns] : kShapes) {
    const std::vector<float> values = numbers(n_rows * n_columns);
    std::vector<float> expected;
    for (int64_t column = 0; column < n_columns; ++column) {
      for (int64_t row = 0; row < n_rows; ++row) {
        expected.push_back(values[static_cast<size_t>(row * n_columns + column)]);
      }
    }
    testing::for_each_schedule([&] {
      const DeviceArray<float> from(values), to(n_rows * n_columns);
      transpose_cuda(view_of(from, n_rows, n_columns), {to.data(), n_columns, n_rows, n_rows},
                     nullptr);
      EXPECT_EQ(to.values(), expected) << n_rows << " " << n_columns;
    });
  }
}

TEST(OperandsCuda, AddsABiasToEveryRow) {
  for (const auto& [n_rows, n_columns] : kShapes) {
    const std::vector<float> values = numbers(n_rows * n_columns), bias = numbers(n_columns);
    std::vector<float> expected;
    for (size_t i = 0; i < values.size(); ++i) {
      expected.push_back(values[i] + bias[i % static_cast<size_t>(n_columns)]);
    }
    testing::for_each_schedule([&] {
      const DeviceArray<float> matrix(values), added(bias);
      add_bias_cuda(added.data(), {matrix.data(), n_rows, n_columns, n_columns}, nullptr);
      EXPECT_EQ(matrix.values(), expected) << n_rows << " " << n_columns;
    });
  }
}

}  // namespace
}  // namespace reprotrain::kernels
