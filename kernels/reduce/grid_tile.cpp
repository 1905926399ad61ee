// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/grid_tile.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "kernels/base/cpu_path.h"
#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"
#include "kernels/reduce/grid_window.h"

namespace reprotrain::kernels {
namespace {

// Vectors of the compiler, as many bytes wide as the target's registers: one text for all of them.
template <int kBytes>
struct Register {
  static constexpr int kColumns = kBytes / 8;  // binary64 lanes
  typedef float Floats __attribute__((vector_size(kBytes / 2)));
  typedef double Doubles __attribute__((vector_size(kBytes)));
  typedef uint64_t Longs __attribute__((vector_size(kBytes)));
  static constexpr int kIntBytes = kBytes < 32 ? kBytes : 32;
  typedef int32_t Ints __attribute__((vector_size(kIntBytes)));
  typedef uint32_t Words __attribute__((vector_size(kIntBytes)));
};

/// Exponent fields of the largest and the smallest magnitude but zero; subnormals have field 1.
struct ColumnRanges {
  int32_t highest[kTileColumns];
  int32_t lowest[kTileColumns];
};

constexpr int kSpecialField = 255;

template <int kBytes>
RPT_HD void find_ranges(const TileInput& in, ColumnRanges& ranges) {
  using Ints = typename Register<kBytes>::Ints;
  using Words = typename Register<kBytes>::Words;
  constexpr int kWidth = Register<kBytes>::kIntBytes / 4;
  for (int first = 0; first < kTileColumns; first += kWidth) {
    Ints highest = {};
    Ints farthest = highest + INT32_MIN;  // 2^31 less the smallest magnitude; zero comes out last
    for (int64_t r = 0; r < in.n_rows; ++r) {
      Words bits;
      memcpy(&bits, in.data + r * in.row_stride + first, sizeof bits);
      bits &= 0x7fffffffu;
      const Ints magnitude = (Ints)bits;
      const Ints distance = (Ints)(0x80000000u - bits);
      highest = magnitude > highest ? magnitude : highest;
      farthest = distance > farthest ? distance : farthest;
    }
    const Ints high_field = highest >> 23;
    const Ints low_field = (Ints)((0x80000000u - (Words)farthest) >> 23);
    memcpy(ranges.highest + first, &high_field, sizeof high_field);
    memcpy(ranges.lowest + first, &low_field, sizeof low_field);
  }
  for (int c = 0; c < kTileColumns; ++c) {
    ranges.highest[c] = std::max(ranges.highest[c], 1);
    ranges.lowest[c] = std::clamp(ranges.lowest[c], 1, ranges.highest[c]);
  }
}

/// How many binades the exponent fields of a column may span on `n_grids` grids: a term has `power`
/// times 24 bits, each binade adds `power`.
RPT_HD constexpr int largest_spread(int power, int n_grids) {
  return (51 + 52 * (n_grids - 1) - 24 * power) / power;
}
static_assert(largest_spread(1, 1) == 27 && largest_spread(2, 2) == 27);

template <int kGrids>
RPT_HD void choose_grids(int power, const ColumnRanges& ranges, GridSums& sums) {
  for (int c = 0; c < kTileColumns; ++c) {
    const int bound = power * (ranges.highest[c] - 126);    // terms are below 2^bound
    const int last_bit = power * (ranges.lowest[c] - 150);  // and multiples of 2^last_bit
    for (int k = 0; k < kGrids; ++k) {
      sums.exponent[k][c] = std::max(last_bit, bound - 51 - 52 * k);
    }
  }
  sums.n_grids = kGrids;
}

/// Units of one register of columns on the way; no grids, no work.
template <int kBytes, int kGrids>
struct GridColumns {
  using Doubles = typename Register<kBytes>::Doubles;
  using Longs = typename Register<kBytes>::Longs;
  static constexpr int kRegisters = kGrids == 0 ? 1 : kGrids;
  Doubles origin[kRegisters] = {};
  Longs units[kRegisters] = {};

  RPT_HD GridColumns(const GridSums& sums, int first) {
    for (int k = 0; k < kGrids; ++k) {
      double origins[Register<kBytes>::kColumns];
      for (int c = 0; c < Register<kBytes>::kColumns; ++c) {
        origins[c] = grid_origin(sums.exponent[k][first + c]);
      }
      memcpy(&origin[k], origins, sizeof origins);
    }
  }
  RPT_HD void add(const Doubles& x) {
    Doubles term = x;
    for (int k = 0; k < kGrids; ++k) {
      const Doubles moved = origin[k] + term;
      units[k] += (Longs)moved;
      if (k + 1 < kGrids) term -= moved - origin[k];
    }
  }
  RPT_HD void store(int64_t n_rows, int first, GridSums& sums) const {
    for (int k = 0; k < kGrids; ++k) {
      const Longs of_terms = units[k] - (Longs)origin[k] * static_cast<uint64_t>(n_rows);
      memcpy(sums.units[k] + first, &of_terms, sizeof of_terms);
    }
  }
};

/// Lane by lane, which g++ 12 turns into the one instruction that it is.
template <int kBytes, size_t... kLane>
RPT_HD void widen(const typename Register<kBytes>::Floats& terms,
                  typename Register<kBytes>::Doubles& x, std::index_sequence<kLane...> /*lanes*/) {
  x = typename Register<kBytes>::Doubles{static_cast<double>(terms[kLane])...};
}

template <int kBytes, int kValueGrids, int kSquareGrids>
RPT_HD void sum_on_grids(const TileInput& in, const ColumnRanges& ranges, GridTile& tile) {
  choose_grids<kValueGrids>(1, ranges, tile.values);
  choose_grids<kSquareGrids>(2, ranges, tile.squares);
  using Doubles = typename Register<kBytes>::Doubles;
  // Fetches the rows below meanwhile. Those of a span are spread evenly over all passes.
  const bool is_span = in.row_stride == kTileColumns;
  const int64_t fetch_step = is_span ? Register<kBytes>::kColumns : in.row_stride;
  for (int first = 0; first < kTileColumns; first += Register<kBytes>::kColumns) {
    GridColumns<kBytes, kValueGrids> values(tile.values, first);
    GridColumns<kBytes, kSquareGrids> squares(tile.squares, first);
    const float* row = in.data + first;
    const float* fetched =
        in.data + in.n_rows * in.row_stride + (is_span ? first * in.n_rows : first);
#pragma GCC unroll 4
    for (int64_t r = 0; r < in.n_rows; ++r, row += in.row_stride, fetched += fetch_step) {
      typename Register<kBytes>::Floats terms;
      memcpy(&terms, row, sizeof terms);
      Doubles x;
      widen<kBytes>(terms, x, std::make_index_sequence<Register<kBytes>::kColumns>());
      __builtin_prefetch(fetched);
      values.add(x);
      squares.add(x * x);
    }
    values.store(in.n_rows, first, tile.values);
    squares.store(in.n_rows, first, tile.squares);
  }
}

/// Sums on the fewest grids that hold every column, or on the most there are.
template <int kBytes, TileTerms kTerms>
RPT_HD void sum_in_ranges(const TileInput& in, const ColumnRanges& ranges, GridTile& tile) {
  constexpr int kFewValueGrids = kTerms == TileTerms::kSquares ? 0 : 1;
  constexpr int kFewSquareGrids = kTerms == TileTerms::kValues ? 0 : 2;
  constexpr int kFewSpread = 27;
  constexpr int kManySpread =
      kTerms == TileTerms::kValues ? largest_spread(1, 2) : largest_spread(2, 3);
  bool few = true;
  bool any_exact = false;
  tile.all_exact = true;
  for (int c = 0; c < kTileColumns; ++c) {
    const int spread = ranges.highest[c] - ranges.lowest[c];
    few = few && spread <= kFewSpread;
    tile.exact[c] = spread <= kManySpread && ranges.highest[c] != kSpecialField;
    tile.all_exact = tile.all_exact && tile.exact[c];
    any_exact = any_exact || tile.exact[c];
  }
  if (!any_exact) return;
  if (few) {
    sum_on_grids<kBytes, kFewValueGrids, kFewSquareGrids>(in, ranges, tile);
  } else {
    sum_on_grids<kBytes, kFewValueGrids == 0 ? 0 : 2, kFewSquareGrids == 0 ? 0 : 3>(in, ranges,
                                                                                    tile);
  }
}

/// One range for all columns.
RPT_HD void join_ranges(ColumnRanges& ranges) {
  const int32_t highest = *std::max_element(ranges.highest, ranges.highest + kTileColumns);
  const int32_t lowest = *std::min_element(ranges.lowest, ranges.lowest + kTileColumns);
  std::fill_n(ranges.highest, kTileColumns, highest);
  std::fill_n(ranges.lowest, kTileColumns, lowest);
}

enum class Grids { kOfEachColumn, kShared };

template <int kBytes>
RPT_HD void sum_tile_in(Grids grids, TileTerms terms, const TileInput& in, GridTile& tile) {
  assert(in.n_rows >= 1 && in.n_rows <= kTileRows);
  ColumnRanges ranges;
  find_ranges<kBytes>(in, ranges);
  if (grids == Grids::kShared) join_ranges(ranges);
  if (terms == TileTerms::kValues) {
    sum_in_ranges<kBytes, TileTerms::kValues>(in, ranges, tile);
  } else if (terms == TileTerms::kSquares) {
    sum_in_ranges<kBytes, TileTerms::kSquares>(in, ranges, tile);
  } else {
    sum_in_ranges<kBytes, TileTerms::kValuesAndSquares>(in, ranges, tile);
  }
}

void sum_tile_baseline(Grids grids, TileTerms terms, const TileInput& in, GridTile& tile) {
  sum_tile_in<16>(grids, terms, in, tile);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void sum_tile_avx2(Grids grids, TileTerms terms,
                                                   const TileInput& in, GridTile& tile) {
  sum_tile_in<32>(grids, terms, in, tile);
}

__attribute__((target("avx2,avx512f,avx512vl,avx512dq"))) void sum_tile_avx512(Grids grids,
                                                                               TileTerms terms,
                                                                               const TileInput& in,
                                                                               GridTile& tile) {
  sum_tile_in<64>(grids, terms, in, tile);
}
#endif

void sum_tile(Grids grids, TileTerms terms, const TileInput& in, GridTile& tile) {
#if defined(__x86_64__)
  const CpuPath path = cpu_path();
  if (uses_avx512(path)) return sum_tile_avx512(grids, terms, in, tile);
  if (uses_avx2(path)) return sum_tile_avx2(grids, terms, in, tile);
#endif
  sum_tile_baseline(grids, terms, in, tile);
}

}  // namespace

GridTile sum_columns(TileTerms terms, const TileInput& in) {
  GridTile tile;
  sum_tile(Grids::kOfEachColumn, terms, in, tile);
  return tile;
}

GridTile sum_interleaved(TileTerms terms, const TileInput& in) {
  GridTile tile;
  sum_tile(Grids::kShared, terms, in, tile);
  return tile;
}

void add_interleaved(const GridSums& sums, ExactSum& sum) {
  // Four columns of 2^9 rows of at most 2^51 units stay below 2^63.
  for (int k = 0; k < sums.n_grids; ++k) {
    const int64_t* units = sums.units[k];
    sum.add_scaled(units[0] + units[1] + units[2] + units[3], sums.exponent[k][0]);
    sum.add_scaled(units[4] + units[5] + units[6] + units[7], sums.exponent[k][0]);
  }
}

}  // namespace reprotrain::kernels
