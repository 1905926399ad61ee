// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/column_sums.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "kernels/base/ceil_div.h"
#include "kernels/base/float_bits.h"
#include "kernels/base/require.h"
#include "kernels/reduce/exact_sum.h"
#include "kernels/reduce/exponent_bins.h"
#include "kernels/reduce/grid_tile.h"

namespace reprotrain::kernels {
namespace {

constexpr int64_t kFewestBinned = 512;  // rows that repay clearing and collecting bins
constexpr int64_t kTallTileRows = 512;
constexpr int64_t kBandRows = 2048;  // of a tall matrix: a group's lines stay in the second cache
constexpr int64_t kGroupGrain = int64_t{1} << 13;  // terms worth a task of their own

/// Columns [first_column, first_column + n_columns) of a matrix, computed within a tile of eight
/// that starts at `tile_column`: the last group of a matrix shares columns with the one before it.
struct ColumnGroup {
  ConstMatrixView m;
  int64_t tile_column;
  int64_t first_column;
  int n_columns;

  /// Rows [begin, end) as a tile. A matrix of fewer than eight columns is widened into `padding`.
  GridTile tile(int64_t begin, int64_t end, float* padding) const {
    if (m.n_columns >= kTileColumns) {
      return sum_columns(TileTerms::kValues,
                         {m.row(begin) + tile_column, m.row_stride, end - begin});
    }
    for (int64_t r = begin; r < end; ++r) {
      float* row = std::copy_n(m.row(r), m.n_columns, padding + (r - begin) * kTileColumns);
      std::fill_n(row, kTileColumns - m.n_columns, 0.0f);
    }
    return sum_columns(TileTerms::kValues, {padding, kTileColumns, end - begin});
  }
  int lane(int column) const { return static_cast<int>(first_column - tile_column) + column; }

  /// The terms of a column that no grids hold.
  void add_rows(int64_t begin, int64_t end, int column, ExactSum& sum) const {
    if (end - begin < kFewestBinned) {
      for (int64_t r = begin; r < end; ++r) sum.add(m(r, first_column + column));
      return;
    }
    ValueBins bins;
    bins.add(m.row(begin) + first_column + column, m.row_stride, end - begin);
    bins.collect(sum);
  }
};

int64_t n_groups_of(ConstMatrixView m) { return ceil_div(m.n_columns, kTileColumns); }

ColumnGroup column_group(ConstMatrixView m, int64_t index) {
  const int64_t first = index * kTileColumns;
  const int64_t end = std::min(first + kTileColumns, m.n_columns);
  return {m, std::max<int64_t>(0, end - kTileColumns), first, static_cast<int>(end - first)};
}

/// f32(units * 2^exponent), exponent >= -149. The cut to 24 bits is the one rounding: what follows
/// is exact in binary64, and so is a subnormal result, which has less than 24 bits.
float rounded_units(int64_t units, int exponent) {
  const double unit = double_from_bits(static_cast<uint64_t>(exponent + 1023) << 52);
  return static_cast<float>(static_cast<double>(static_cast<float>(units)) * unit);
}

/// The usual case: all rows fit one tile.
void sum_short_group(const ColumnGroup& group, float* padding, float* sums) {
  const GridTile tile = group.tile(0, group.m.n_rows, padding);
  for (int c = 0; c < group.n_columns; ++c) {
    const int lane = group.lane(c);
    if (tile.exact[lane] && tile.values.n_grids == 1) {
      sums[c] = rounded_units(tile.values.units[0][lane], tile.values.exponent[0][lane]);
      continue;
    }
    ExactSum sum;
    if (tile.exact[lane]) {
      tile.values.add_column(lane, sum);
    } else {
      group.add_rows(0, group.m.n_rows, c, sum);
    }
    sums[c] = sum.to_float();
  }
}

/// Adds rows [begin, end) of a group. Once a column's terms lie too far apart for grids, the rest of
/// it goes into bins.
void add_group(const ColumnGroup& group, int64_t begin, int64_t end, float* padding,
               ExactSum* sums) {
  bool is_done[kTileColumns] = {};
  int n_left = group.n_columns;
  for (; begin < end && n_left > 0; begin += kTallTileRows) {
    const GridTile tile = group.tile(begin, std::min(begin + kTallTileRows, end), padding);
    for (int c = 0; c < group.n_columns; ++c) {
      if (is_done[c]) continue;
      if (tile.exact[group.lane(c)]) {
        tile.values.add_column(group.lane(c), sums[c]);
      } else {
        group.add_rows(begin, end, c, sums[c]);
        is_done[c] = true;
        --n_left;
      }
    }
  }
}

/// Rows [begin, end) of all columns: neighbouring groups share lines of the cache.
void add_row_range(ConstMatrixView m, int64_t begin, int64_t end, std::span<ExactSum> sums) {
  alignas(64) float padding[kTileRows * kTileColumns];
  for (; begin < end; begin += kBandRows) {
    const int64_t band_end = std::min(begin + kBandRows, end);
    for (int64_t g = 0; g < n_groups_of(m); ++g) {
      const ColumnGroup group = column_group(m, g);
      add_group(group, begin, band_end, padding, &sums[static_cast<size_t>(group.first_column)]);
    }
  }
}

void sum_tall(ConstMatrixView m, std::span<float> sums, const Parallel& parallel) {
  const auto n_columns = static_cast<size_t>(m.n_columns);
  std::vector<ExactSum> total(n_columns);
  std::mutex merging;
  parallel.for_ranges(m.n_rows, kTileRows, [&](int64_t begin, int64_t end) {
    std::vector<ExactSum> piece(n_columns);
    add_row_range(m, begin, end, piece);
    const std::lock_guard lock(merging);
    for (size_t c = 0; c < n_columns; ++c) total[c].merge(piece[c]);
  });
  for (size_t c = 0; c < n_columns; ++c) sums[c] = total[c].to_float();
}

void sum_short(ConstMatrixView m, std::span<float> sums, const Parallel& parallel) {
  const int64_t grain = std::max<int64_t>(1, kGroupGrain / (m.n_rows * kTileColumns));
  parallel.for_ranges(n_groups_of(m), grain, [&](int64_t begin, int64_t end) {
    alignas(64) float padding[kTileRows * kTileColumns];
    for (int64_t g = begin; g < end; ++g) {
      const ColumnGroup group = column_group(m, g);
      sum_short_group(group, padding, sums.data() + group.first_column);
    }
  });
}

}  // namespace

void exact_column_sums(ConstMatrixView m, std::span<float> sums, const Parallel& parallel) {
  require_view(m, "m");
  require(static_cast<int64_t>(sums.size()) == m.n_columns,
          "column sums: sums and columns differ in number");
  if (m.n_rows == 0) {
    std::fill(sums.begin(), sums.end(), 0.0f);
  } else if (m.n_rows <= kTileRows) {
    sum_short(m, sums, parallel);
  } else {
    sum_tall(m, sums, parallel);
  }
}

void add_column_sums(ConstMatrixView m, std::span<ExactSum> sums) {
  require_view(m, "m");
  require(static_cast<int64_t>(sums.size()) == m.n_columns,
          "column sums: sums and columns differ in number");
  if (m.n_columns > 0) add_row_range(m, 0, m.n_rows, sums);
}

}  // namespace reprotrain::kernels
