// SPDX-License-Identifier: Apache-2.0
// Exact sums of eight columns at once, by slicing every term onto fixed grids.
//
//   S_k starts at s_k = 1.5 * 2^(52 + g_k);  per term x and slice k:
//   next = S_k + x;  x = x - (next - S_k);  S_k = next        slice sum k = S_k - s_k
//
// While S_k stays between 2^(52 + g_k) and 2^(53 + g_k) its last bit is worth 2^g_k, so every
// addition takes a multiple of 2^g_k from x, exactly, and leaves at most 2^(g_k - 1) to the next
// slice. With |x| <= 2^E and at most 2^h rows, g_1 = E + h - 51 keeps it there. If what the last
// slice leaves is zero in every row, the slice sums add up to the exact sum; otherwise the caller
// must use ExactSum.
// Why: three vectorised additions per slice and element, against 3 ns for a limb accumulator. With
// 1024 rows two slices hold terms down to 2^-60 of the column's largest, four down to 2^-144.
// Requires: rounding to nearest, no contraction (a product of binary32 is exact in binary64).
// Reference: the grids are those of Demmel, Nguyen, "Fast reproducible floating-point summation",
// 2013, who keep the leading slices; here all of them count.
// See also: sliced_tile.cpp (targets), exact_sum.cpp, column_sums.cpp.
#pragma once

#include <cstdint>

#include "kernels/reduce/exact_sum.h"

namespace reprotrain::kernels {

inline constexpr int kTileColumns = 8;
inline constexpr int64_t kTileRows = 1024;  // the most that one tile may have
inline constexpr int kFewSlices = 2;
inline constexpr int kManySlices = 4;

/// What a tile came to. Column c is exact in slices where `exact[c]`: its sum is the sum over k of
/// slice[k][c]. Otherwise the slices mean nothing.
struct SlicedTile {
  double slice[kManySlices][kTileColumns];
  int n_slices;  ///< slices in use, the same for all columns
  bool exact[kTileColumns];
  bool all_exact;

  /// Adds the sum of column `c`, which must be exact.
  void add_slices(int c, ExactSum& sum) const {
    for (int k = 0; k < n_slices; ++k) sum.add(slice[k][c]);
  }
};

enum class TileTerm { kValue, kSquare };

/// Sums `n_rows` (1 .. kTileRows) rows of eight consecutive values; row r starts at
/// `data + r * row_stride`. Infinities and NaNs make their column inexact.
SlicedTile sum_tile(TileTerm term, const float* data, int64_t row_stride, int64_t n_rows);

}  // namespace reprotrain::kernels
