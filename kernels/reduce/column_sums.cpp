// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/column_sums.h"

#include <algorithm>
#include <cassert>

#include "kernels/base/float_bits.h"
#include "kernels/reduce/exact_sum.h"
#include "kernels/reduce/sliced_tile.h"

namespace reprotrain::kernels {
namespace {

/// Columns [first_column, first_column + n_columns) of a matrix, computed within a tile of eight
/// that starts at `tile_column`: the last group of a matrix shares columns with the one before it.
struct ColumnGroup {
  ConstMatrixView m;
  int64_t tile_column;
  int64_t first_column;
  int n_columns;

  /// Rows [begin, end) as a tile. A matrix of fewer than eight columns is widened into `padding`.
  SlicedTile tile(int64_t begin, int64_t end, float* padding) const {
    if (m.n_columns >= kTileColumns) {
      return sum_tile(TileTerm::kValue, m.row(begin) + tile_column, m.row_stride, end - begin);
    }
    for (int64_t r = begin; r < end; ++r) {
      float* row = std::copy_n(m.row(r), m.n_columns, padding + (r - begin) * kTileColumns);
      std::fill_n(row, kTileColumns - m.n_columns, 0.0f);
    }
    return sum_tile(TileTerm::kValue, padding, kTileColumns, end - begin);
  }
  int lane(int column) const { return static_cast<int>(first_column - tile_column) + column; }

  void add_rows(int64_t begin, int64_t end, int column, ExactSum& sum) const {
    for (int64_t r = begin; r < end; ++r) sum.add(m(r, first_column + column));
  }
};

ColumnGroup column_group(ConstMatrixView m, int64_t index) {
  const int64_t first = index * kTileColumns;
  const int64_t end = std::min(first + kTileColumns, m.n_columns);
  return {m, std::max<int64_t>(0, end - kTileColumns), first, static_cast<int>(end - first)};
}

/// f32(a + b) of slice sums, which are never -0: the exact sum rounded once: round to odd in
/// binary64 (an inexact sum takes the odd one of its two neighbours), which leaves binary32's
/// rounding nothing to misjudge.
/// Reference: Boldo, Melquiond, "When double rounding is odd", 2005.
float rounded_sum_of_two(double a, double b) {
  const double sum = a + b;
  const double b_part = sum - a;
  const double error = (a - (sum - b_part)) + (b - b_part);
  uint64_t bits = bits_of(sum);
  if (error != 0.0 && (bits & 1) == 0) {
    const bool away_from_zero = (error > 0.0) == (sum > 0.0);
    bits += away_from_zero ? 1 : uint64_t{0} - 1;
  }
  return static_cast<float>(double_from_bits(bits));
}

/// The usual case: all rows fit one tile of two slices.
void sum_short_group(const ColumnGroup& group, float* padding, float* sums) {
  const SlicedTile tile = group.tile(0, group.m.n_rows, padding);
  for (int c = 0; c < group.n_columns; ++c) {
    const int lane = group.lane(c);
    if (tile.exact[lane] && tile.n_slices == kFewSlices) {
      sums[c] = rounded_sum_of_two(tile.slice[0][lane], tile.slice[1][lane]);
      continue;
    }
    ExactSum sum;
    if (tile.exact[lane]) {
      tile.add_slices(lane, sum);
    } else {
      group.add_rows(0, group.m.n_rows, c, sum);
    }
    sums[c] = sum.to_float();
  }
}

void sum_tall_group(const ColumnGroup& group, float* padding, float* sums) {
  ExactSum sum[kTileColumns];
  for (int64_t begin = 0; begin < group.m.n_rows; begin += kTileRows) {
    const int64_t end = std::min(begin + kTileRows, group.m.n_rows);
    const SlicedTile tile = group.tile(begin, end, padding);
    for (int c = 0; c < group.n_columns; ++c) {
      if (tile.exact[group.lane(c)]) {
        tile.add_slices(group.lane(c), sum[c]);
      } else {
        group.add_rows(begin, end, c, sum[c]);
      }
    }
  }
  for (int c = 0; c < group.n_columns; ++c) sums[c] = sum[c].to_float();
}

}  // namespace

void exact_column_sums(ConstMatrixView m, std::span<float> sums, const Parallel& parallel) {
  assert(static_cast<int64_t>(sums.size()) == m.n_columns);
  if (m.n_rows == 0) {
    std::fill(sums.begin(), sums.end(), 0.0f);
    return;
  }
  const int64_t n_groups = (m.n_columns + kTileColumns - 1) / kTileColumns;
  const int64_t terms_per_group = m.n_rows * kTileColumns;
  const int64_t grain = std::max<int64_t>(1, (int64_t{1} << 15) / terms_per_group);
  parallel.for_ranges(n_groups, grain, [&](int64_t begin, int64_t end) {
    alignas(64) float padding[kTileRows * kTileColumns];
    for (int64_t g = begin; g < end; ++g) {
      const ColumnGroup group = column_group(m, g);
      float* group_sums = sums.data() + group.first_column;
      if (m.n_rows <= kTileRows) {
        sum_short_group(group, padding, group_sums);
      } else {
        sum_tall_group(group, padding, group_sums);
      }
    }
  });
}

}  // namespace reprotrain::kernels
