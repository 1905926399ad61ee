// SPDX-License-Identifier: Apache-2.0
// Exact sums of eight columns at once: terms counted in units of fixed grids, as 64-bit integers.
//
//   M_k = 1.5 * 2^(52 + g_k);  per term x and grid k = 0, 1, ...:
//   d = M_k + x;  units_k += bits(d) - bits(M_k);  x = x - (d - M_k)
//   sum = units_0 * 2^g_0 + units_1 * 2^g_1 + ...
//
// The last bit of M_k is worth 2^g_k, so d takes the nearest multiple of 2^g_k from x, exactly, and
// the patterns of d and M_k differ by that multiple as integers do. If |x| <= 2^(g_0 + 51), each
// grid is at most 52 bits finer than the one before, and the last divides every term, then nothing
// is left over. A pass over the magnitudes finds the grids; terms too far apart make a column
// inexact, and the caller must sum it otherwise (exponent_bins.h).
// Why: one addition and one integer addition a term without a chain of roundings, where data of
// ordinary range (27 binades) needs one grid for values and two for squares.
// Requires: rounding to nearest, no contraction. Products of binary32 are exact in binary64.
// Determinism: the units are integers; every width of vectors gives the same.
// See also: exact_sum.cpp, column_sums.cpp, column_statistics.cpp.
#pragma once

#include <cstdint>

#include "kernels/reduce/exact_sum.h"

namespace reprotrain::kernels {

inline constexpr int kTileColumns = 8;
inline constexpr int64_t kTileRows = 1024;  // the most that one tile may have
inline constexpr int kMostGrids = 3;

enum class TileTerms { kValues, kSquares, kValuesAndSquares };

/// Rows of eight consecutive values; row r starts at `data + r * row_stride`.
struct TileInput {
  const float* data;
  int64_t row_stride;
  int64_t n_rows;  ///< 1 .. kTileRows
};

/// Column c sums to the sum over k < n_grids of units[k][c] * 2^exponent[k][c].
struct GridSums {
  int n_grids = 0;
  int64_t units[kMostGrids][kTileColumns];  ///< magnitudes up to n_rows * 2^51
  int exponent[kMostGrids][kTileColumns];

  void add_column(int c, ExactSum& sum) const {
    for (int k = 0; k < n_grids; ++k) sum.add_scaled(units[k][c], exponent[k][c]);
  }
};

/// Sums of the terms asked for. They mean nothing in columns that are not `exact`.
struct GridTile {
  GridSums values;
  GridSums squares;
  bool exact[kTileColumns];
  bool all_exact;
};

/// A grid for each column. Infinities and NaNs make their column inexact.
GridTile sum_columns(TileTerms terms, const TileInput& in);

/// The tile as one long column: all eight columns are exact, and share their grids, or none is.
GridTile sum_interleaved(TileTerms terms, const TileInput& in);

/// Adds the sums of all columns of an exact interleaved tile of at most kTileRows / 2 rows.
void add_interleaved(const GridSums& sums, ExactSum& sum);

}  // namespace reprotrain::kernels
