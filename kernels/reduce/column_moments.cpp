// SPDX-License-Identifier: Apache-2.0
// Moments by tiles: chosen rows are gathered, missing values replaced by zero and not counted, and
// the sums of values and of squares taken from the first-level cache.
#include <algorithm>
#include <cstring>
#include <mutex>
#include <numeric>
#include <vector>

#include "kernels/base/ceil_div.h"
#include "kernels/base/require.h"
#include "kernels/base/vector_loop.h"
#include "kernels/reduce/column_statistics.h"
#include "kernels/reduce/exponent_bins.h"
#include "kernels/reduce/grid_tile.h"
#include "kernels/reduce/moment_sums.h"

namespace reprotrain::kernels {
namespace {

constexpr int64_t kGatheredRows = 512;  // 16 KiB of a tile
constexpr int64_t kFewestBinned = 512;  // terms that repay clearing and collecting bins
constexpr int64_t kRowGrain = 4096;     // rows worth a task, which merges all columns once
constexpr uint32_t kMissing = 0x7fc00000u;

typedef int32_t Lanes __attribute__((vector_size(32)));
static_assert(sizeof(Lanes) == kTileColumns * sizeof(float));

/// Eight columns of a matrix side by side.
struct ColumnRows {
  ConstMatrixView m;
  int64_t first_column;
  const int64_t* rows;

  RPT_HD void load(int64_t r, Lanes& bits) const {
    memcpy(&bits, m.row(rows[r]) + first_column, sizeof bits);
  }
};

/// One column, eight of its values a row. The last row is filled up with missing ones.
struct InterleavedColumn {
  const float* data;
  int64_t stride;
  const int64_t* rows;
  int64_t n_values;

  RPT_HD void load(int64_t r, Lanes& bits) const {
    uint32_t words[kTileColumns];
    const int64_t first = r * kTileColumns;
    if (first + kTileColumns <= n_values) {
      for (int c = 0; c < kTileColumns; ++c) words[c] = bits_of(data[rows[first + c] * stride]);
    } else {
      for (int64_t c = 0; c < kTileColumns; ++c) {
        words[c] = first + c < n_values ? bits_of(data[rows[first + c] * stride]) : kMissing;
      }
    }
    memcpy(&bits, words, sizeof words);
  }
};

struct GatheredTile {
  alignas(64) float values[kGatheredRows * kTileColumns];
  int32_t count[kTileColumns];
  int32_t lowest[kTileColumns];  ///< total_order_key less 2^31
  int32_t highest[kTileColumns];

  uint32_t min_key(int c) const { return static_cast<uint32_t>(lowest[c]) ^ 0x80000000u; }
  uint32_t max_key(int c) const { return static_cast<uint32_t>(highest[c]) ^ 0x80000000u; }
};

/// One tile; a loop element of vector_loop.h, so that it runs on this processor's vectors.
template <typename Source>
struct Gather {
  Source source;
  int64_t n_rows;
  GatheredTile* tile;

  RPT_HD void operator()(int64_t /*index*/) const {
    const Lanes zero = {};
    const Lanes above_all = zero + INT32_MAX, below_all = zero + INT32_MIN;
    Lanes count = {}, lowest = above_all, highest = below_all;
    for (int64_t r = 0; r < n_rows; ++r) {
      Lanes bits;
      source.load(r, bits);
      const Lanes present = (bits & 0x7fffffff) <= 0x7f800000;
      const Lanes key = bits ^ ((bits >> 31) & 0x7fffffff);
      const Lanes low_key = present ? key : above_all;
      const Lanes high_key = present ? key : below_all;
      lowest = low_key < lowest ? low_key : lowest;
      highest = high_key > highest ? high_key : highest;
      count -= present;
      bits &= present;
      memcpy(tile->values + r * kTileColumns, &bits, sizeof bits);
    }
    memcpy(tile->count, &count, sizeof count);
    memcpy(tile->lowest, &lowest, sizeof lowest);
    memcpy(tile->highest, &highest, sizeof highest);
  }
};

/// Adds terms that no grids hold.
void add_far_apart(const float* data, int64_t stride, int64_t n, MomentSums& sums) {
  if (n < kFewestBinned) {
    for (int64_t i = 0; i < n; ++i) {
      sums.sum.add(data[i * stride]);
      sums.squares.add_product(data[i * stride], data[i * stride]);
    }
    return;
  }
  ValueBins values;
  SquareBins squares;
  values.add(data, stride, n);
  squares.add(data, stride, n);
  values.collect(sums.sum);
  squares.collect(sums.squares);
}

/// Adds `n` chosen rows of one column.
void add_column(const float* data, int64_t stride, const int64_t* rows, int64_t n,
                GatheredTile& gathered, MomentSums& sums) {
  constexpr int64_t kValues = kGatheredRows * kTileColumns;
  for (int64_t begin = 0; begin < n; begin += kValues) {
    const int64_t n_values = std::min(kValues, n - begin);
    const int64_t n_rows = ceil_div(n_values, kTileColumns);
    row_loop(Gather<InterleavedColumn>{{data, stride, rows + begin, n_values}, n_rows, &gathered},
             0, 1);
    for (int c = 0; c < kTileColumns; ++c) {
      sums.note(gathered.count[c], gathered.min_key(c), gathered.max_key(c));
    }
    const GridTile tile =
        sum_interleaved(TileTerms::kValuesAndSquares, {gathered.values, kTileColumns, n_rows});
    if (tile.all_exact) {
      add_interleaved(tile.values, sums.sum);
      add_interleaved(tile.squares, sums.squares);
    } else {
      add_far_apart(gathered.values, 1, n_rows * kTileColumns, sums);
    }
  }
}

/// Adds chosen rows of eight columns, of which `sums` wants those from lane `first_lane` on.
void add_tile(const ColumnRows& source, int64_t n_rows, int first_lane, GatheredTile& gathered,
              MomentSums* sums) {
  row_loop(Gather<ColumnRows>{source, n_rows, &gathered}, 0, 1);
  const GridTile tile =
      sum_columns(TileTerms::kValuesAndSquares, {gathered.values, kTileColumns, n_rows});
  for (int c = first_lane; c < kTileColumns; ++c) {
    MomentSums& of_column = sums[c - first_lane];
    of_column.note(gathered.count[c], gathered.min_key(c), gathered.max_key(c));
    if (tile.exact[c]) {
      tile.values.add_column(c, of_column.sum);
      tile.squares.add_column(c, of_column.squares);
    } else {
      add_far_apart(gathered.values + c, kTileColumns, n_rows, of_column);
    }
  }
}

/// Adds some of the chosen rows to the sums of all columns.
void add_rows(ConstMatrixView m, std::span<const int64_t> rows, std::vector<MomentSums>& sums) {
  GatheredTile gathered;
  const auto n = static_cast<int64_t>(rows.size());
  if (m.n_columns < kTileColumns) {
    for (int64_t c = 0; c < m.n_columns; ++c) {
      add_column(m.data + c, m.row_stride, rows.data(), n, gathered, sums[static_cast<size_t>(c)]);
    }
    return;
  }
  for (int64_t begin = 0; begin < n; begin += kGatheredRows) {
    for (int64_t column = 0; column < m.n_columns; column += kTileColumns) {
      // The last group of columns shares some with the one before it.
      const int64_t first = std::min(column, m.n_columns - kTileColumns);
      add_tile({m, first, rows.data() + begin}, std::min(kGatheredRows, n - begin),
               static_cast<int>(column - first), gathered, &sums[static_cast<size_t>(column)]);
    }
  }
}

}  // namespace

ColumnMoments column_moments(const StridedColumn& column) {
  GatheredTile gathered;
  MomentSums sums;
  add_column(column.data, column.stride, column.rows.data(),
             static_cast<int64_t>(column.rows.size()), gathered, sums);
  return sums.moments();
}

namespace {

/// Pieces of [0, n_rows) add to sums of their own, add(begin, end, sums), which merge in any order.
template <typename AddPiece>
void moments_by_pieces(ConstMatrixView m, int64_t n_rows, std::span<ColumnMoments> moments,
                       const Parallel& parallel, const AddPiece& add) {
  require(static_cast<int64_t>(moments.size()) == m.n_columns,
          "column moments: moments and columns differ in number");
  const auto n_columns = static_cast<size_t>(m.n_columns);
  std::vector<MomentSums> total(n_columns);
  std::mutex merging;
  parallel.for_ranges(n_rows, kRowGrain, [&](int64_t begin, int64_t end) {
    std::vector<MomentSums> piece(n_columns);
    add(begin, end, piece);
    const std::lock_guard lock(merging);
    for (size_t c = 0; c < n_columns; ++c) total[c].merge(piece[c]);
  });
  for (size_t c = 0; c < n_columns; ++c) moments[c] = total[c].moments();
}

}  // namespace

void column_moments(ConstMatrixView m, std::span<const int64_t> rows,
                    std::span<ColumnMoments> moments, const Parallel& parallel) {
  moments_by_pieces(
      m, static_cast<int64_t>(rows.size()), moments, parallel,
      [&](int64_t begin, int64_t end, std::vector<MomentSums>& piece) {
        add_rows(m, rows.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)),
                 piece);
      });
}

void column_moments(ConstMatrixView m, std::span<ColumnMoments> moments, const Parallel& parallel) {
  constexpr int64_t kBandRows = 4096;
  std::vector<int64_t> numbers(static_cast<size_t>(std::min(kBandRows, m.n_rows)));
  std::iota(numbers.begin(), numbers.end(), int64_t{0});
  moments_by_pieces(m, m.n_rows, moments, parallel,
                    [&](int64_t begin, int64_t end, std::vector<MomentSums>& piece) {
                      for (; begin < end; begin += kBandRows) {
                        const int64_t n = std::min(kBandRows, end - begin);
                        add_rows({m.row(begin), n, m.n_columns, m.row_stride},
                                 std::span(numbers).first(static_cast<size_t>(n)), piece);
                      }
                    });
}

}  // namespace reprotrain::kernels
