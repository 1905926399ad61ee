// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/column_sums_cuda.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "kernels/base/parallel.h"
#include "kernels/conformance/device_array.h"
#include "kernels/conformance/test_values.h"
#include "kernels/reduce/column_statistics.h"
#include "kernels/reduce/column_sums.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

using testing::bit_patterns;
using testing::for_each_schedule;

constexpr float kInf = std::numeric_limits<float>::infinity();

struct Shape {
  int64_t n_rows, n_columns, gap;
};
constexpr Shape kShapes[] = {{1, 1, 0},   {1, 33, 0},  {33, 1, 0},   {7, 3, 2},   {31, 10, 1},
                             {64, 32, 0}, {257, 5, 0}, {300, 33, 7}, {1025, 2, 0}};

/// A matrix with infinities between its rows: whatever is read beside it would show.
struct Matrix {
  Matrix(const Shape& shape, uint32_t lowest_field, uint32_t n_fields)
      : n_rows(shape.n_rows),
        n_columns(shape.n_columns),
        stride(shape.n_columns + shape.gap),
        values(static_cast<size_t>(n_rows * stride), kInf) {
    const auto drawn = generated_floats(static_cast<uint64_t>(n_rows + n_columns), lowest_field,
                                        n_fields, static_cast<size_t>(n_rows * n_columns));
    for (int64_t i = 0; i < n_rows * n_columns; ++i)
      at(i / n_columns, i % n_columns) = drawn[static_cast<size_t>(i)];
  }
  float& at(int64_t row, int64_t column) {
    return values[static_cast<size_t>(row * stride + column)];
  }
  ConstMatrixView view(const float* data) const { return {data, n_rows, n_columns, stride}; }
  ConstMatrixView view() const { return view(values.data()); }

  int64_t n_rows, n_columns, stride;
  std::vector<float> values;
};

std::vector<float> device_column_sums(const Matrix& matrix, SumMethod method, int64_t cut) {
  const DeviceArray<float> values(matrix.values);
  DeviceArray<ExactSumAccumulator> sums(static_cast<size_t>(matrix.n_columns));
  DeviceArray<float> results(static_cast<size_t>(matrix.n_columns));
  clear_sums_cuda(sums.data(), matrix.n_columns, nullptr);
  ConstMatrixView top = matrix.view(values.data());
  ConstMatrixView bottom = {top.row(cut), top.n_rows - cut, top.n_columns, top.row_stride};
  top.n_rows = cut;
  add_column_sums_cuda(bottom, sums.data(), nullptr, method);
  add_column_sums_cuda(top, sums.data(), nullptr, method);
  round_sums_cuda(sums.data(), matrix.n_columns, results.data(), nullptr);
  return results.values();
}

TEST(ColumnSumsCuda, HaveTheCpusBitsForEveryShapeRangeAndCut) {
  for (const Shape& shape : kShapes) {
    for (const uint32_t n_fields : {6u, 40u, 255u}) {
      const Matrix matrix(shape, n_fields == 255 ? 0 : 110, n_fields);
      std::vector<float> expected(static_cast<size_t>(shape.n_columns));
      exact_column_sums(matrix.view(), expected, SerialParallel());
      for_each_schedule([&] {
        EXPECT_EQ(bit_patterns(device_column_sums(matrix, SumMethod::kWindows, 0)),
                  bit_patterns(expected))
            << shape.n_rows << " x " << shape.n_columns << ", " << n_fields << " binades";
        EXPECT_EQ(bit_patterns(device_column_sums(matrix, SumMethod::kLimbs, shape.n_rows / 3)),
                  bit_patterns(expected))
            << shape.n_rows << " x " << shape.n_columns << ", " << n_fields << " binades";
      });
    }
  }
}

void expect_moments(const ColumnMoments& moments, const ColumnMoments& expected) {
  EXPECT_EQ(moments.count, expected.count);
  EXPECT_EQ(bits_of(moments.min), bits_of(expected.min));
  EXPECT_EQ(bits_of(moments.max), bits_of(expected.max));
  EXPECT_EQ(bits_of(moments.mean), bits_of(expected.mean));
  EXPECT_EQ(bits_of(moments.variance), bits_of(expected.variance));
}

/// Moments of all columns over chosen rows, or over all of them without a list.
void check_moments(const Matrix& matrix, const std::vector<int64_t>& rows, bool list,
                   SumMethod method) {
  const auto n_columns = static_cast<size_t>(matrix.n_columns);
  const DeviceArray<float> values(matrix.values);
  const DeviceArray<int64_t> chosen(rows);
  DeviceArray<MomentAccumulator> sums(n_columns);
  DeviceArray<ColumnMoments> results(n_columns);
  const ConstMatrixView view = matrix.view(values.data());
  clear_moments_cuda(sums.data(), matrix.n_columns, nullptr);
  if (list) {
    const int64_t half = chosen.size() / 2;
    add_column_moments_cuda(view, {chosen.data(), half}, sums.data(), nullptr, method);
    add_column_moments_cuda(view, {chosen.data() + half, chosen.size() - half}, sums.data(),
                            nullptr, method);
  } else {
    add_column_moments_cuda(view, {nullptr, matrix.n_rows}, sums.data(), nullptr, method);
  }
  round_moments_cuda(sums.data(), matrix.n_columns, results.data(), nullptr);
  const std::vector<ColumnMoments> moments = results.values();
  for (size_t c = 0; c < n_columns; ++c) {
    expect_moments(moments[c], column_moments({matrix.values.data() + c, matrix.stride, rows}));
  }
}

TEST(ColumnMomentsCuda, HaveTheCpusBitsForEveryShapeRangeAndChoiceOfRows) {
  for (const Shape& shape : kShapes) {
    for (const uint32_t n_fields : {6u, 255u}) {
      Matrix matrix(shape, n_fields == 255 ? 0 : 110, n_fields);
      for (int64_t r = 0; r < shape.n_rows; r += 3) {
        matrix.at(r, r % shape.n_columns) = float_from_bits(0xffc54321u);
        matrix.at(r, (r + 1) % shape.n_columns) = -0.0f;
      }
      if (shape.n_rows > 100) matrix.at(50, 0) = -kInf;
      std::vector<int64_t> all, some;
      for (int64_t r = 0; r < shape.n_rows; ++r) all.push_back(r);
      for (int64_t r = shape.n_rows - 1; r >= 0; r -= 2) some.push_back(r);
      for_each_schedule([&] {
        for (const SumMethod method : {SumMethod::kWindows, SumMethod::kLimbs}) {
          check_moments(matrix, all, false, method);
          check_moments(matrix, some, true, method);
        }
      });
    }
  }
}

TEST(ColumnMomentsCuda, OfNoValuesAreNan) {
  Matrix matrix({5, 2, 0}, 120, 3);
  for (int64_t r = 0; r < 5; ++r) matrix.at(r, 1) = std::numeric_limits<float>::quiet_NaN();
  check_moments(matrix, {0, 1, 2, 3, 4}, true, SumMethod::kWindows);
  check_moments(matrix, {}, true, SumMethod::kWindows);
}

TEST(ColumnSumsCuda, RowNumbersMayBeBeyondThirtyTwoBits) {
  // A row stride of 0: rows numbered beyond 2^32 are all one row of memory.
  constexpr int64_t kFar = int64_t{1} << 31;
  const std::vector<float> row = {1.0f, 2.0f, 4.0f};
  const DeviceArray<float> values(row);
  const std::vector<int64_t> chosen_rows = {0, kFar, 2 * kFar + 1};
  const DeviceArray<int64_t> chosen(chosen_rows);
  DeviceArray<MomentAccumulator> sums(3);
  DeviceArray<ColumnMoments> results(3);
  clear_moments_cuda(sums.data(), 3, nullptr);
  add_column_moments_cuda({values.data(), 2 * kFar + 2, 3, 0}, {chosen.data(), 3}, sums.data(),
                          nullptr);
  round_moments_cuda(sums.data(), 3, results.data(), nullptr);
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(results.values()[c].count, 3);
    EXPECT_EQ(results.values()[c].mean, static_cast<double>(row[c]));
    EXPECT_EQ(bits_of(results.values()[c].variance), 0u);
  }
}

}  // namespace
}  // namespace reprotrain::kernels
