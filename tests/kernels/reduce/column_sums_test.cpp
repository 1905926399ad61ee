// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/column_sums.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "kernels/base/cpu_path.h"
#include "kernels/base/float_bits.h"
#include "kernels/conformance/test_values.h"
#include "kernels/reduce/exact_sum.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/bit_patterns.h"

namespace reprotrain::kernels {
namespace {

using testing::AdversarialParallel;

constexpr float kInf = std::numeric_limits<float>::infinity();

/// A matrix inside a larger arena of infinities.
class FramedMatrix {
 public:
  FramedMatrix(int64_t n_rows, int64_t n_columns, const std::vector<float>& values)
      : n_rows_(n_rows),
        n_columns_(n_columns),
        arena_(static_cast<size_t>((n_rows + 2) * (n_columns + 3)), kInf) {
    for (int64_t r = 0; r < n_rows; ++r) {
      for (int64_t c = 0; c < n_columns; ++c) {
        at(r, c) = values[static_cast<size_t>(r * n_columns + c)];
      }
    }
  }
  float& at(int64_t row, int64_t column) {
    return arena_[static_cast<size_t>((row + 1) * (n_columns_ + 3) + 1 + column)];
  }
  ConstMatrixView view() { return {&at(0, 0), n_rows_, n_columns_, n_columns_ + 3}; }

 private:
  int64_t n_rows_, n_columns_;
  std::vector<float> arena_;
};

std::vector<uint32_t> sums_by_definition(ConstMatrixView m) {
  std::vector<uint32_t> bits;
  for (int64_t c = 0; c < m.n_columns; ++c) {
    ExactSum sum;
    for (int64_t r = 0; r < m.n_rows; ++r) sum.add(m(r, c));
    bits.push_back(bits_of(sum.to_float()));
  }
  return bits;
}

/// Those of every path, which must agree.
std::vector<uint32_t> column_sum_bits(ConstMatrixView m, const Parallel& parallel) {
  std::vector<uint32_t> bits;
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    std::vector<float> sums(static_cast<size_t>(m.n_columns), -7.0f);
    exact_column_sums(m, sums, parallel);
    std::vector<uint32_t> of_path;
    for (const float sum : sums) of_path.push_back(bits_of(sum));
    if (!bits.empty()) {
      EXPECT_EQ(of_path, bits) << name_of(path);
    }
    bits = of_path;
  }
  return bits;
}

struct Spread {
  uint32_t lowest_field, n_fields;
};
constexpr Spread kSpreads[] = {{120, 8}, {90, 60}, {60, 100}, {0, 40}, {0, 255}, {254, 1}};

TEST(ColumnSums, AreTheExactSumsForEveryShapeAndRange) {
  uint64_t seed = 1;
  for (const int64_t n_rows : {1, 2, 3, 4, 5, 31, 32, 33, 255, 256, 257, 1023, 1024, 1025, 2500}) {
    for (const int64_t n_columns : {1, 7, 8, 9, 17}) {
      for (const Spread spread : kSpreads) {
        FramedMatrix m(n_rows, n_columns,
                       generated_floats(seed++, spread.lowest_field, spread.n_fields,
                                        static_cast<size_t>(n_rows * n_columns)));
        EXPECT_EQ(column_sum_bits(m.view(), SerialParallel()), sums_by_definition(m.view()))
            << n_rows << " x " << n_columns << " from field " << spread.lowest_field;
      }
    }
  }
}

TEST(ColumnSums, AreTheExactSumsWhenAlmostEverythingCancels) {
  for (const Spread spread : kSpreads) {
    for (const int64_t n_rows : {5, 65, 999, 2049}) {
      const int64_t half = n_rows / 2;
      std::vector<float> values = generated_floats(3, spread.lowest_field, spread.n_fields,
                                                   static_cast<size_t>(n_rows * 9));
      for (int64_t i = 0; i < half * 9; ++i) {
        values[static_cast<size_t>((half * 9) + i)] = -values[static_cast<size_t>(i)];
      }
      FramedMatrix m(n_rows, 9, values);
      EXPECT_EQ(column_sum_bits(m.view(), SerialParallel()), sums_by_definition(m.view()));
    }
  }
}

TEST(ColumnSums, RoundTiesToEvenAndSeeTheSmallestTermBesideOne) {
  const std::vector<float> values = {
      1.0f,      0x1.000002p0f, 1.0f,     1.0f,     0x1p-149f, 0x1.fffffep127f,
      -0.0f,     -1.0f,         0x1p-24f, 0x1p-24f, 0x1p-24f,  0x1p-24f,
      0x1p-149f, 0x1p103f,      -0.0f,    0x1p-25f, 0.0f,      0.0f,
      0x1p-149f, -0x1p-149f,    -0.0f,    0.0f,     -0.0f,     0x1p-149f};
  FramedMatrix m(3, 8, values);
  const std::vector<uint32_t> expected = {
      bits_of(1.0f),      bits_of(0x1.000004p0f), bits_of(0x1.000002p0f), bits_of(1.0f),
      bits_of(0x1p-148f), bits_of(kInf),          bits_of(0.0f),          bits_of(-0x1.fffffep-1f)};
  EXPECT_EQ(column_sum_bits(m.view(), SerialParallel()), expected);
}

TEST(ColumnSums, RoundOnceWhereBinary64InBetweenWouldRoundTwice) {
  // 1 + 2^-24 is a tie of binary32; 2^-60 decides it but is lost in a binary64 sum.
  struct Case {
    float terms[3];
    float sum;
  };
  const Case cases[] = {{{1.0f, 0x1p-24f, 0x1p-60f}, 0x1.000002p0f},
                        {{1.0f, 0x1p-24f, -0x1p-60f}, 1.0f},
                        {{-1.0f, -0x1p-24f, -0x1p-60f}, -0x1.000002p0f},
                        {{-1.0f, -0x1p-24f, 0x1p-60f}, -1.0f},
                        {{0x1.000002p0f, 0x1p-24f, -0x1p-60f}, 0x1.000002p0f},
                        {{-0x1.000002p0f, -0x1p-24f, 0x1p-60f}, -0x1.000002p0f},
                        {{0x1.000002p0f, 0x1p-24f, 0x1p-60f}, 0x1.000004p0f},
                        {{1.0f, -0x1p-25f, -0x1p-60f}, 0x1.fffffep-1f}};
  std::vector<float> values(24);
  std::vector<uint32_t> expected;
  for (size_t c = 0; c < 8; ++c) {
    for (size_t r = 0; r < 3; ++r) values[r * 8 + c] = cases[c].terms[r];
    expected.push_back(bits_of(cases[c].sum));
  }
  FramedMatrix m(3, 8, values);
  EXPECT_EQ(column_sum_bits(m.view(), SerialParallel()), expected);
}

TEST(ColumnSums, RoundOnceWhereOneGridHoldsMoreBitsThanBinary64) {
  // 1021 * 2^27 + 2^12 is a tie of binary32; 2^-23, 60 bits below the top, decides it.
  std::vector<float> values(1024, 0x1p27f);
  values[10] = 0x1p12f;
  values[700] = 0x1.000002p0f;
  values[701] = -1.0f;
  FramedMatrix m(1024, 1, values);
  EXPECT_EQ(column_sum_bits(m.view(), SerialParallel()),
            std::vector<uint32_t>{bits_of(0x1.fe8p36f + 0x1p13f)});
}

TEST(ColumnSums, WideColumnsOfTallMatricesStandBesideNarrowOnes) {
  FramedMatrix m(3000, 11, generated_floats(12, 120, 8, 3000 * 11));
  const std::vector<float> wide = generated_floats(13, 0, 255, 3000 * 2);
  for (int64_t r = 0; r < 3000; ++r) {
    m.at(r, 3) = wide[static_cast<size_t>(2 * r)];
    m.at(r, 9) = wide[static_cast<size_t>(2 * r + 1)];
  }
  m.at(1200, 5) = 0x1p-149f;  // far from the rest of its column, in its third tile
  EXPECT_EQ(column_sum_bits(m.view(), SerialParallel()), sums_by_definition(m.view()));
}

TEST(ColumnSums, SpecialValuesStayInTheirColumn) {
  for (const int64_t n_rows : {6, 1500}) {
    FramedMatrix m(n_rows, 9, generated_floats(8, 120, 8, static_cast<size_t>(n_rows * 9)));
    m.at(0, 0) = kInf;
    m.at(1, 1) = -kInf;
    m.at(1, 2) = kInf;
    m.at(4, 2) = -kInf;
    m.at(n_rows - 1, 8) = float_from_bits(0xffc00001u);
    const std::vector<uint32_t> bits = column_sum_bits(m.view(), SerialParallel());
    EXPECT_EQ(bits, sums_by_definition(m.view()));
    EXPECT_EQ(bits[0], 0x7f800000u);
    EXPECT_EQ(bits[1], 0xff800000u);
    EXPECT_EQ(bits[2], 0x7fc00000u);
    EXPECT_EQ(bits[8], 0x7fc00000u);
  }
}

TEST(ColumnSums, GiveTheOraclesBits) {
  for (const auto& known : testing::known_answers("exact_sum.kat", "column_sums")) {
    SCOPED_TRACE(known.line.substr(0, 60));
    const auto n_rows = static_cast<int64_t>(testing::from_decimal(known.inputs[1]));
    const auto n_columns = static_cast<int64_t>(testing::from_decimal(known.inputs[2]));
    std::vector<float> values;
    for (uint64_t i = 0; i < static_cast<uint64_t>(n_rows * n_columns); ++i) {
      values.push_back(element(known.inputs[0], i));
    }
    FramedMatrix m(n_rows, n_columns, values);
    EXPECT_EQ(column_sum_bits(m.view(), SerialParallel()), testing::bit_patterns(known.outputs));
    EXPECT_EQ(column_sum_bits(m.view(), AdversarialParallel(3)),
              testing::bit_patterns(known.outputs));
  }
}

TEST(ColumnSums, OfNoRowsAreZero) {
  std::vector<float> sums(3, 5.0f);
  exact_column_sums({nullptr, 0, 3, 3}, sums, SerialParallel());
  for (const float sum : sums) EXPECT_EQ(bits_of(sum), 0u);
  exact_column_sums({nullptr, 0, 0, 0}, {}, SerialParallel());
}

TEST(ColumnSums, AreInvariantUnderThreadsCutsAndRowOrder) {
  for (const Spread spread : kSpreads) {
    const std::vector<float> values =
        generated_floats(21, spread.lowest_field, spread.n_fields, 300 * 70);
    FramedMatrix m(300, 70, values);
    const std::vector<uint32_t> reference = column_sum_bits(m.view(), SerialParallel());
    for (uint64_t seed = 0; seed < 5; ++seed) {
      EXPECT_EQ(column_sum_bits(m.view(), AdversarialParallel(seed)), reference);
    }
    FramedMatrix reversed(300, 70, values);
    for (int64_t r = 0; r < 300; ++r) {
      for (int64_t c = 0; c < 70; ++c) reversed.at(r, c) = m.at(299 - r, c);
    }
    EXPECT_EQ(column_sum_bits(reversed.view(), SerialParallel()), reference);
  }
}

}  // namespace
}  // namespace reprotrain::kernels
