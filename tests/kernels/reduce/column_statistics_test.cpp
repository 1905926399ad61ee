// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/column_statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "kernels/base/float_bits.h"
#include "tests/support/generated_floats.h"
#include "tests/support/known_answers.h"

namespace reprotrain::kernels {
namespace {

using testing::from_decimal;
using testing::from_hex;
using testing::generated_floats;
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
