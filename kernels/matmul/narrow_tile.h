// SPDX-License-Identifier: Apache-2.0
// Tiles for products with few rows of A and listed places of B's rows: vectors run along the columns.
//
//   C[column][row] = fma32 of A[row] and B[.][column]:  chains of 1024 terms, folded (ordered_matmul.h)
//
// Why: the gradient of an image of 1 to 6 channels. Tiles with vectors along the channels would leave
// 7 to 2 of 8 lanes empty; here only the end of a line of pixels does.
// Determinism: as of fma32. See also: tile_kernel.h; kernels/conv/narrow_input_gradient.h, which uses it.
#pragma once

#include <cstdint>

namespace reprotrain::kernels {

inline constexpr int kMostNarrowRows = 6;
inline constexpr int64_t kNarrowLanes = 8;

struct NarrowTask {
  int64_t depth = 0;
  int n_rows = 0;            ///< 1 to kMostNarrowRows
  const float* a = nullptr;  ///< element k of row r: a[k * n_rows + r]
  /// Element k of column j: b[b_offsets[k] + j]. Columns are readable up to whole kNarrowLanes.
  const float* b = nullptr;
  const int64_t* b_offsets = nullptr;
  int64_t n_columns = 0;
  float* c = nullptr;  ///< element r of column j: c[j * c_column_stride + r]
  int64_t c_column_stride = 0;
};

/// Whether this processor's path has such tiles: it has 8 lanes or more.
bool has_narrow_tiles();

/// Computes all columns. Requires has_narrow_tiles().
void run_narrow_tiles(const NarrowTask& task);

}  // namespace reprotrain::kernels
