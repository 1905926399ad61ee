// SPDX-License-Identifier: Apache-2.0
// Tiles of C in registers: the inner loop of every matrix product, once per instruction set.
//
// A tile keeps n_rows x n_columns chains in registers, walks a slice of K in ascending k, and
// touches C once. The naive triple loop is bound by loads (two for each fma); a tile of 6x16 loads
// 22 numbers for 96 fmas, one of 12x32 loads 44 for 384.
#pragma once

#include <cstdint>

#include "kernels/base/ceil_div.h"

// Asks for a loop of constant length to be unrolled, so that arrays of accumulators become
// registers.
#if defined(__clang__)
#define RPT_UNROLL _Pragma("clang loop unroll(full)")
#else
#define RPT_UNROLL _Pragma("GCC unroll 32")
#endif

// Accumulators handed to a function stay in registers only if it is inlined.
#define RPT_INLINE inline __attribute__((always_inline))

namespace reprotrain::kernels {

/// Panels side by side, each of `n_columns` columns and of tiles of equal height under one another. In
/// the first tile of the first panel element k of row r of A is a[r * a_row_stride +
/// k * a_depth_stride], row k of B is b + k * b_depth_stride, and element (r, j) of C is
/// c[r * c_row_stride + j * c_column_stride].
///
///   s = start or +0;  s = fma(a_k, b_k, s) for k = 0, 1, ...;  s = C + s, if folds;
///   s = s + bias, with a bias;  C = s
struct TileTask {
  int64_t n_panels = 1;
  int64_t n_tiles = 1;  ///< of a panel
  int64_t depth = 0;
  const float* a = nullptr;
  int64_t a_tile_stride = 0;  ///< from one tile's rows of A to the next one's
  int64_t a_row_stride = 0;   ///< 1, or a_depth_stride is 1, or terms are listed
  int64_t a_depth_stride = 0;
  const int64_t* a_offsets =
      nullptr;  ///< if there: element k is a[r * a_row_stride + a_offsets[k]]
  const float* b = nullptr;
  int64_t b_depth_stride = 0;
  int64_t b_panel_stride = 0;    ///< from one panel's part of B to the next one's
  const float* start = nullptr;  ///< where the chains have come to, laid out by rows, or none
  int64_t start_row_stride = 0;
  float* c = nullptr;
  int64_t c_row_stride = 0;
  int64_t c_column_stride = 1;
  bool is_turned = false;  ///< c_row_stride is 1; otherwise c_column_stride is
  int n_rows = 0;          ///< of a tile: 1 to max_rows
  int n_columns = 0;       ///< 1 to max_columns
  bool folds = false;
  const float* bias = nullptr;  ///< along the columns, or the rows of what is turned

  /// Moves on to the next tile of a panel.
  void advance() {
    a += a_tile_stride;
    c += n_rows * c_row_stride;
    if (start != nullptr) start += n_rows * start_row_stride;
    if (bias != nullptr && is_turned) bias += n_rows;
  }

  /// Moves on from the first tile of a panel to the first one of the next panel.
  void advance_panel() {
    b += b_panel_stride;
    c += n_columns * c_column_stride;
    if (start != nullptr) start += n_columns;
    if (bias != nullptr && !is_turned) bias += n_columns;
  }
};

/// A panel to be copied so that its `width` numbers of one k are adjacent: for k < depth and
/// j < width, target[k * target_stride + j] = source[k * depth_stride + j * width_stride].
/// target_stride is a multiple of kPackedLanes; what lies between is written with anything.
struct PackTask {
  const float* source = nullptr;
  int64_t depth_stride = 0;
  int64_t width_stride = 0;  ///< 1, or depth_stride is 1
  float* target = nullptr;
  int64_t target_stride = 0;
  int64_t depth = 0;
  int width = 0;
};

inline constexpr int kPackedLanes = 8;

/// `n` rounded up to whole vectors of a packed panel.
constexpr int64_t packed_width(int64_t n) { return round_up(n, kPackedLanes); }

struct TileKernel {
  int max_rows;
  int max_columns;
  int64_t max_depth;       ///< of a slice of K, so that a panel of B stays in the first-level cache
  int64_t max_block_rows;  ///< so that as many rows of A stay in the second-level cache
  /// Reads only n_columns of a row of B; otherwise all max_columns must be readable.
  bool masks_columns;
  void (*run)(const TileTask& task);
  void (*pack)(const PackTask& task);
};

/// The kernel of this processor's path for a product of so many rows and columns.
TileKernel tile_kernel_for(int64_t n_rows, int64_t n_columns);
TileKernel portable_tile_kernel();
#if defined(__x86_64__)
TileKernel avx2_tile_kernel(int64_t n_rows, int64_t n_columns);
TileKernel avx512_tile_kernel();
#endif

}  // namespace reprotrain::kernels
