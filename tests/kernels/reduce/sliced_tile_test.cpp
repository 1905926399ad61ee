// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/sliced_tile.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "kernels/base/cpu_path.h"
#include "kernels/base/float_bits.h"
#include "kernels/reduce/exact_sum.h"
#include "tests/support/generated_floats.h"

namespace reprotrain::kernels {
namespace {

struct Spread {
  uint32_t lowest_field, n_fields;
};

double sum_by_definition(TileTerm term, const std::vector<float>& values, int column) {
  ExactSum sum;
  for (size_t i = static_cast<size_t>(column); i < values.size(); i += kTileColumns) {
    if (term == TileTerm::kValue) {
      sum.add(values[i]);
    } else {
      sum.add_product(values[i], values[i]);
    }
  }
  return sum.to_double();
}

SlicedTile tile_of(TileTerm term, const std::vector<float>& values) {
  return sum_tile(term, values.data(), kTileColumns,
                  static_cast<int64_t>(values.size() / kTileColumns));
}

/// Every column that claims to be exact is; returns how many did.
int check_tile(CpuPath path, TileTerm term, const std::vector<float>& values) {
  const SlicedTile tile = tile_of(term, values);
  int n_exact = 0;
  for (int c = 0; c < kTileColumns; ++c) {
    if (!tile.exact[c]) continue;
    ++n_exact;
    ExactSum sum;
    tile.add_slices(c, sum);
    EXPECT_EQ(bits_of(sum.to_double()), bits_of(sum_by_definition(term, values, c)))
        << name_of(path) << ", column " << c << ", " << values.size() / kTileColumns << " rows";
  }
  EXPECT_EQ(tile.all_exact, n_exact == kTileColumns);
  return n_exact;
}

TEST(SlicedTile, EveryPathIsExactOrSaysThatItIsNot) {
  const Spread spreads[] = {{120, 8}, {90, 60}, {60, 100}, {0, 60}, {0, 255}, {254, 1}, {0, 1}};
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    uint64_t seed = 0;
    for (const size_t n_rows :
         std::initializer_list<size_t>{1, 2, 3, 4, 5, 31, 33, 255, 257, 1023, 1024}) {
      for (const Spread spread : spreads) {
        const std::vector<float> values = testing::generated_floats(
            ++seed, spread.lowest_field, spread.n_fields, n_rows * kTileColumns);
        for (const TileTerm term : {TileTerm::kValue, TileTerm::kSquare}) {
          const int n_exact = check_tile(path, term, values);
          if (spread.n_fields <= 8) {
            EXPECT_EQ(n_exact, kTileColumns) << "narrow data took the slow path";
          }
        }
      }
    }
  }
}

TEST(SlicedTile, HoldsTheLargestSumsThatItsGridsAllow) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    for (const float x : {0x1.fffffep127f, 0x1.fffffep0f, 0x1p-149f, -0x1.fffffcp-127f, -0.0f}) {
      const std::vector<float> values(1024 * kTileColumns, x);
      EXPECT_EQ(check_tile(path, TileTerm::kValue, values), kTileColumns) << x;
      EXPECT_EQ(check_tile(path, TileTerm::kSquare, values), kTileColumns) << x;
    }
  }
}

TEST(SlicedTile, HoldsSumsOfTheLargestRestsBesideTheSmallest) {
  // One large term sets the grids; rests just below half a grid step add up with terms at the other
  // end of the next slice, for every place where that end may lie.
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    for (int end = 60; end < 130; ++end) {
      for (const float step : {0x1.fffffep-43f, 0x1.fffffep-42f, 0x1.fffffep-41f}) {
        std::vector<float> values(1024 * kTileColumns, step);
        for (size_t c = 0; c < kTileColumns; ++c) values[c] = 0x1.fffffep0f;
        for (size_t i = kTileColumns; i < 30 * kTileColumns; ++i) {
          values[i] = float_from_bits(static_cast<uint32_t>(127 - end) << 23);
        }
        for (size_t c = 0; c < kTileColumns; c += 2) {
          for (size_t r = 0; r < 1024; ++r) values[r * kTileColumns + c] *= -1.0f;
        }
        check_tile(path, TileTerm::kValue, values);
      }
    }
  }
}

TEST(SlicedTile, NeverCallsSpecialValuesOrLostBitsExact) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    std::vector<float> values(64 * kTileColumns, 1.0f);
    values[3] = std::numeric_limits<float>::infinity();
    values[12] = std::numeric_limits<float>::quiet_NaN();
    values[5] = 0x1p127f;
    values[13] = 0x1p-149f;
    for (const TileTerm term : {TileTerm::kValue, TileTerm::kSquare}) {
      const SlicedTile tile = tile_of(term, values);
      EXPECT_FALSE(tile.all_exact);
      EXPECT_TRUE(tile.exact[0]);
      EXPECT_FALSE(tile.exact[3]);
      EXPECT_FALSE(tile.exact[4]);
      EXPECT_FALSE(tile.exact[5]);
    }
  }
}

TEST(SlicedTile, EveryPathGivesTheSameSlices) {
  const std::vector<float> values = testing::generated_floats(5, 100, 30, 777 * kTileColumns);
  for (const TileTerm term : {TileTerm::kValue, TileTerm::kSquare}) {
    const SlicedTile first = tile_of(term, values);
    for (const CpuPath path : available_cpu_paths()) {
      const CpuPathScope scope(path);
      const SlicedTile tile = tile_of(term, values);
      for (int k = 0; k < first.n_slices; ++k) {
        for (int c = 0; c < kTileColumns; ++c) {
          EXPECT_EQ(bits_of(tile.slice[k][c]), bits_of(first.slice[k][c])) << name_of(path);
        }
      }
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
