// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/grid_tile.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "kernels/base/cpu_path.h"
#include "kernels/base/float_bits.h"
#include "kernels/conformance/test_values.h"
#include "kernels/reduce/exact_sum.h"
#include "tests/support/exact_limbs.h"

namespace reprotrain::kernels {
namespace {

using testing::limbs_of;

constexpr float kInf = std::numeric_limits<float>::infinity();

struct Spread {
  uint32_t lowest_field, n_fields;
};

TileInput rows_of(const std::vector<float>& values) {
  return {values.data(), kTileColumns, static_cast<int64_t>(values.size() / kTileColumns)};
}

struct Sums {
  ExactSum values, squares;
  void add(float x) {
    values.add(x);
    squares.add_product(x, x);
  }
};

Sums column_by_definition(const std::vector<float>& values, size_t column) {
  Sums sums;
  for (size_t i = column; i < values.size(); i += kTileColumns) sums.add(values[i]);
  return sums;
}

void expect_column(const GridSums& sums, int c, const ExactSum& expected) {
  if (sums.n_grids == 0) return;
  ExactSum sum;
  sums.add_column(c, sum);
  EXPECT_EQ(limbs_of(sum), limbs_of(expected)) << name_of(cpu_path()) << ", column " << c;
}

/// Every column that claims to be exact is; returns how many did.
int check_columns(TileTerms terms, const std::vector<float>& values) {
  const GridTile tile = sum_columns(terms, rows_of(values));
  int n_exact = 0;
  for (int c = 0; c < kTileColumns; ++c) {
    if (!tile.exact[c]) continue;
    ++n_exact;
    const Sums expected = column_by_definition(values, static_cast<size_t>(c));
    expect_column(tile.values, c, expected.values);
    expect_column(tile.squares, c, expected.squares);
  }
  EXPECT_EQ(tile.all_exact, n_exact == kTileColumns);
  if (n_exact > 0) {
    EXPECT_EQ(tile.values.n_grids == 0, terms == TileTerms::kSquares);
    EXPECT_EQ(tile.squares.n_grids == 0, terms == TileTerms::kValues);
  }
  return n_exact;
}

bool check_interleaved(TileTerms terms, const std::vector<float>& values) {
  const GridTile tile = sum_interleaved(terms, rows_of(values));
  if (!tile.all_exact) return false;
  Sums expected, sums;
  for (const float x : values) expected.add(x);
  add_interleaved(tile.values, sums.values);
  add_interleaved(tile.squares, sums.squares);
  if (terms != TileTerms::kSquares) {
    EXPECT_EQ(limbs_of(sums.values), limbs_of(expected.values));
  }
  if (terms != TileTerms::kValues) {
    EXPECT_EQ(limbs_of(sums.squares), limbs_of(expected.squares));
  }
  return true;
}

constexpr TileTerms kAllTerms[] = {TileTerms::kValues, TileTerms::kSquares,
                                   TileTerms::kValuesAndSquares};

TEST(GridTile, EveryPathIsExactOrSaysThatItIsNot) {
  const Spread spreads[] = {{120, 8}, {90, 28}, {90, 29}, {60, 54},  {60, 55},  {60, 80}, {60, 81},
                            {0, 29},  {0, 60},  {0, 255}, {227, 28}, {175, 80}, {254, 1}, {0, 1}};
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    uint64_t seed = 0;
    for (const size_t n_rows :
         std::initializer_list<size_t>{1, 2, 3, 4, 5, 31, 33, 255, 257, 511, 512}) {
      for (const Spread spread : spreads) {
        const std::vector<float> values =
            generated_floats(++seed, spread.lowest_field, spread.n_fields, n_rows * kTileColumns);
        for (const TileTerms terms : kAllTerms) {
          const uint32_t widest = terms == TileTerms::kValues ? 80 : 54;
          const int n_exact = check_columns(terms, values);
          const bool exact = check_interleaved(terms, values);
          if (spread.n_fields <= widest) {
            EXPECT_EQ(n_exact, kTileColumns) << "grids would have held " << spread.n_fields;
            EXPECT_TRUE(exact);
          }
        }
      }
    }
  }
}

TEST(GridTile, HoldsTheLargestSumsThatItsGridsAllow) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    for (const float x : {0x1.fffffep127f, 0x1.fffffep0f, 0x1p-149f, -0x1.fffffcp-127f, -0.0f}) {
      for (const TileTerms terms : kAllTerms) {
        EXPECT_EQ(check_columns(terms, std::vector<float>(1024 * kTileColumns, x)), kTileColumns);
        EXPECT_TRUE(check_interleaved(terms, std::vector<float>(512 * kTileColumns, x)));
        // The smallest term makes the grid finest, all the others are as large as it allows.
        for (const int spread : {27, 53, 79}) {
          std::vector<float> values(512 * kTileColumns, 0x1.fffffep127f);
          for (size_t c = 0; c < kTileColumns; ++c) {
            values[c] = float_from_bits(static_cast<uint32_t>(254 - spread) << 23 | 1u);
          }
          const int n_exact = spread == 79 && terms != TileTerms::kValues ? 0 : kTileColumns;
          EXPECT_EQ(check_columns(terms, values), n_exact) << spread;
          EXPECT_EQ(check_interleaved(terms, values), n_exact != 0);
        }
      }
    }
  }
}

TEST(GridTile, HoldsSumsOfTheLargestRestsBesideTheSmallest) {
  // One large term sets the grids; rests just below half a unit add up with terms at the other end
  // of the next grid, for every place where that end may lie.
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    for (int end = 20; end < 100; ++end) {
      for (const float step : {0x1.fffffep-53f, 0x1.fffffep-52f, 0x1p-51f, 0x1.fffffep-51f}) {
        std::vector<float> values(1024 * kTileColumns, step);
        for (size_t c = 0; c < kTileColumns; ++c) values[c] = 0x1.fffffep0f;
        for (size_t i = kTileColumns; i < 30 * kTileColumns; ++i) {
          values[i] = float_from_bits(static_cast<uint32_t>(127 - end) << 23);
        }
        for (size_t c = 0; c < kTileColumns; c += 2) {
          for (size_t r = 0; r < 1024; ++r) values[r * kTileColumns + c] *= -1.0f;
        }
        for (const TileTerms terms : kAllTerms) check_columns(terms, values);
      }
    }
  }
}

TEST(GridTile, NeverCallsSpecialValuesOrLostBitsExact) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    for (size_t row = 0; row < 9; ++row) {
      std::vector<float> values(9 * kTileColumns, 1.0f);
      values[row * kTileColumns + 3] = kInf;
      values[row * kTileColumns + 4] = std::numeric_limits<float>::quiet_NaN();
      values[row * kTileColumns + 6] = -kInf;
      values[5] = 0x1p127f;
      values[13] = 0x1p-149f;
      for (const TileTerms terms : kAllTerms) {
        const GridTile tile = sum_columns(terms, rows_of(values));
        EXPECT_FALSE(tile.all_exact);
        const bool expected[] = {true, true, true, false, false, false, false, true};
        for (int c = 0; c < kTileColumns; ++c) EXPECT_EQ(tile.exact[c], expected[c]) << c;
        EXPECT_FALSE(sum_interleaved(terms, rows_of(values)).all_exact);
      }
    }
  }
}

TEST(GridTile, EveryPathGivesTheSameUnits) {
  const std::vector<float> values = generated_floats(5, 100, 30, 777 * kTileColumns);
  const GridTile first = sum_columns(TileTerms::kValuesAndSquares, rows_of(values));
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    const GridTile tile = sum_columns(TileTerms::kValuesAndSquares, rows_of(values));
    ASSERT_EQ(tile.squares.n_grids, first.squares.n_grids);
    for (int k = 0; k < first.squares.n_grids; ++k) {
      for (int c = 0; c < kTileColumns; ++c) {
        if (k < first.values.n_grids) {
          EXPECT_EQ(tile.values.units[k][c], first.values.units[k][c]) << name_of(path);
        }
        EXPECT_EQ(tile.squares.units[k][c], first.squares.units[k][c]) << name_of(path);
      }
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
