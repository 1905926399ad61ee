// SPDX-License-Identifier: Apache-2.0
// One tile of C in registers: the inner loop of every matrix product, once per instruction set.
//
// A product is cut into blocks of kChainLength along K, columns into panels as wide as a tile, rows
// into tiles. A tile keeps n_rows x n_columns chains in registers, walks the whole block in
// ascending k, and touches C once per block. The naive triple loop is bound by loads (two for each
// fma); a tile of 12x32 loads 44 numbers for 384 fmas.
#pragma once

#include <cstdint>

// Asks for a loop of constant length to be unrolled, so that arrays of accumulators become
// registers.
#if defined(__clang__)
#define RPT_UNROLL _Pragma("clang loop unroll(full)")
#else
#define RPT_UNROLL _Pragma("GCC unroll 32")
#endif

namespace reprotrain::kernels {

/// What one tile needs. Element k of row r of A is a[r * a_row_stride + k * a_depth_stride]; row k
/// of B is b + k * b_depth_stride.
struct TileTask {
  int64_t depth = 0;  ///< terms in this block, at most kChainLength
  const float* a = nullptr;
  int64_t a_row_stride = 0;  ///< 1, or a_depth_stride is 1
  int64_t a_depth_stride = 0;
  const float* b = nullptr;
  int64_t b_depth_stride = 0;
  float* c = nullptr;
  int64_t c_row_stride = 0;
  int n_rows = 0;               ///< 1 to max_rows
  int n_columns = 0;            ///< 1 to max_columns
  bool first_block = true;      ///< C = s, else C = C + s
  const float* bias = nullptr;  ///< added after the last block
};

/// A panel whose source has it the other way round: for k < depth and j < width,
/// target[k * target_stride + j] = source[j * source_stride + k].
struct TransposedPanel {
  const float* source = nullptr;
  int64_t source_stride = 0;
  float* target = nullptr;
  int64_t target_stride = 0;
  int64_t depth = 0;
  int width = 0;
};

struct TileKernel {
  int max_rows;
  int max_columns;
  /// Reads only n_columns of a row of B; otherwise all max_columns must be readable.
  bool masks_columns;
  void (*run)(const TileTask& task);
  void (*pack)(const TransposedPanel& panel);
};

TileKernel portable_tile_kernel();
#if defined(__x86_64__)
TileKernel avx2_tile_kernel();
TileKernel avx512_tile_kernel();
#endif

}  // namespace reprotrain::kernels
