// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/column_statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "kernels/base/cpu_path.h"
#include "kernels/base/float_bits.h"
#include "kernels/conformance/test_values.h"
#include "kernels/reduce/moment_sums.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/known_answers.h"

namespace reprotrain::kernels {
namespace {

using testing::AdversarialParallel;
using testing::from_decimal;
using testing::from_hex;
using testing::known_answers;

/// Values as column 2 of a matrix with 5 columns, rows in reverse order, every other row unused.
class ScatteredColumn {
 public:
  explicit ScatteredColumn(const std::vector<float>& values)
      : arena_(values.size() * 2 * 5 + 5, std::numeric_limits<float>::infinity()) {
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t row = 2 * (values.size() - 1 - i);
      arena_[row * 5 + 2] = values[i];
      rows_.push_back(static_cast<int64_t>(row));
    }
  }
  StridedColumn view() const { return {arena_.data() + 2, 5, rows_}; }

 private:
  std::vector<float> arena_;
  std::vector<int64_t> rows_;
};

void expect_statistics(const std::vector<float>& values, std::span<const std::string> out) {
  const ScatteredColumn column(values);
  const ColumnMoments moments = column_moments(column.view());
  EXPECT_EQ(moments.count, static_cast<int64_t>(from_decimal(out[0])));
  EXPECT_EQ(bits_of(moments.min), from_hex(out[1]));
  EXPECT_EQ(bits_of(moments.max), from_hex(out[2]));
  EXPECT_EQ(bits_of(moments.mean), from_hex(out[3]));
  EXPECT_EQ(bits_of(moments.variance), from_hex(out[4]));
  EXPECT_EQ(bits_of(column_median(column.view())), from_hex(out[5]));
  EXPECT_EQ(bits_of(column_most_frequent(column.view())), from_hex(out[6]));
}

/// Moments of every column over chosen rows, against one column at a time, one value at a time.
void expect_matrix_moments(ConstMatrixView m, const std::vector<int64_t>& rows,
                           const Parallel& parallel) {
  std::vector<ColumnMoments> moments(static_cast<size_t>(m.n_columns));
  column_moments(m, rows, moments, parallel);
  for (int64_t c = 0; c < m.n_columns; ++c) {
    MomentSums expected;
    for (const int64_t row : rows) {
      const float x = m(row, c);
      if (is_nan(x)) continue;
      expected.note(1, total_order_key(x), total_order_key(x));
      expected.sum.add(x);
      expected.squares.add_product(x, x);
    }
    for (const ColumnMoments& found :
         {moments[static_cast<size_t>(c)], column_moments({m.data + c, m.row_stride, rows})}) {
      EXPECT_EQ(found.count, expected.count);
      EXPECT_EQ(bits_of(found.min), bits_of(expected.moments().min));
      EXPECT_EQ(bits_of(found.max), bits_of(expected.moments().max));
      EXPECT_EQ(bits_of(found.mean), bits_of(expected.moments().mean));
      EXPECT_EQ(bits_of(found.variance), bits_of(expected.moments().variance));
    }
  }
}

TEST(ColumnMoments, OfMatricesAreThoseOfTheirColumnsOnEveryPath) {
  constexpr int64_t kShapes[][2] = {{0, 3},    {1, 1},     {33, 7},   {511, 8}, {513, 9},
                                    {257, 31}, {1025, 33}, {600, 70}, {4100, 1}};
  for (const auto& [n_rows, n_columns] : kShapes) {
    for (const uint32_t n_fields : {8u, 50u, 255u}) {
      const int64_t stride = n_columns + 3;
      std::vector<float> values =
          generated_floats(static_cast<uint64_t>(n_rows + n_columns), n_fields == 255 ? 0 : 100,
                           n_fields, static_cast<size_t>(n_rows * stride));
      for (size_t i = 0; i < values.size(); i += 13) {
        values[i] = std::numeric_limits<float>::quiet_NaN();
      }
      for (size_t i = 5; i < values.size(); i += 1009) values[i] = -0.0f;
      if (values.size() > 2000) values[1999] = std::numeric_limits<float>::infinity();
      std::vector<int64_t> rows;  // backwards, some left out, some twice
      for (int64_t r = n_rows - 1; r >= 0; r -= r % 3 == 0 ? 2 : 1) {
        rows.push_back(r);
        if (r % 5 == 0) rows.push_back(r);
      }
      for (const CpuPath path : available_cpu_paths()) {
        const CpuPathScope scope(path);
        const ConstMatrixView m = {values.data(), n_rows, n_columns, stride};
        expect_matrix_moments(m, rows, SerialParallel());
        expect_matrix_moments(m, rows, AdversarialParallel(n_fields));
      }
    }
  }
}

TEST(ColumnMoments, RowNumbersMayBeBeyondThirtyTwoBits) {
  // With a row stride of 0 all rows are one.
  constexpr int64_t kFar = int64_t{1} << 33;
  const std::vector<float> row = {1.0f, 2.0f, 4.0f, 8.0f, 16.0f, 32.0f, 64.0f, 128.0f, 256.0f};
  expect_matrix_moments({row.data(), kFar + 1, 9, 0}, {0, kFar / 4, kFar}, SerialParallel());
}

TEST(ColumnStatistics, GiveTheOraclesMoments) {
  for (const auto& known : known_answers("exact_sum.kat", "moments")) {
    SCOPED_TRACE(known.line);
    std::vector<float> values;
    for (const std::string& word : known.inputs) {
      values.push_back(float_from_bits(static_cast<uint32_t>(from_hex(word))));
    }
    expect_statistics(values, known.outputs);
  }
}

TEST(ColumnStatistics, GiveTheOraclesMomentsOfLongColumns) {
  for (const auto& known : known_answers("exact_sum.kat", "generated")) {
    SCOPED_TRACE(known.line);
    const auto& in = known.inputs;
    expect_statistics(
        generated_floats(from_decimal(in[0]), static_cast<uint32_t>(from_decimal(in[1])),
                         static_cast<uint32_t>(from_decimal(in[2])), from_decimal(in[3])),
        std::span(known.outputs).subspan(4));
  }
}

TEST(ColumnStatistics, AreInvariantUnderRowOrder) {
  const std::vector<float> values = generated_floats(4, 0, 255, 3001);
  std::vector<int64_t> rows(values.size());
  std::iota(rows.begin(), rows.end(), int64_t{0});
  const ColumnMoments forward = column_moments({values.data(), 1, rows});
  const double median = column_median({values.data(), 1, rows});
  std::reverse(rows.begin(), rows.end());
  const ColumnMoments backward = column_moments({values.data(), 1, rows});
  EXPECT_EQ(bits_of(forward.mean), bits_of(backward.mean));
  EXPECT_EQ(bits_of(forward.variance), bits_of(backward.variance));
  EXPECT_EQ(bits_of(median), bits_of(column_median({values.data(), 1, rows})));
}

TEST(ColumnStatistics, ConstantColumnsHaveVarianceZeroExactly) {
  const std::vector<float> values(1000, 0.1f);
  const ScatteredColumn column(values);
  const ColumnMoments moments = column_moments(column.view());
  EXPECT_EQ(bits_of(moments.variance), 0u);
  EXPECT_EQ(moments.mean, static_cast<double>(0.1f));
}

TEST(ColumnStatistics, MostFrequentTakesTheSmallestOfEquals) {
  const ScatteredColumn column(
      {3.0f, -2.0f, 3.0f, -2.0f, 9.0f, std::numeric_limits<float>::quiet_NaN(),
       std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::quiet_NaN()});
  EXPECT_EQ(column_most_frequent(column.view()), -2.0f);
}

}  // namespace
}  // namespace reprotrain::kernels
