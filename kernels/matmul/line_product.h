// SPDX-License-Identifier: Apache-2.0
// Matrix products whose rows of A are read where they lie: in lines of equal steps, their terms at listed
// places.
//
//   A[line l, row r][k] = a_lines[l][r * a_row_stride + term_offsets[k]]
//   C[line l, row r]    = c_lines[l][r * c_row_stride ...], n_columns numbers
//   C = fma32 of A and B [+ bias]: chains of 1024 terms, folded (ordered_matmul.h);
//   with `folds`, C = C + its one chain
//
// Why: a patch of an image is such a row. Copying patches takes a third of the time of a convolution
// with few channels, reading them in place none.
// Requires: kernel and B as pack_factor made them; C overlaps nothing. Determinism: as of fma32.
// See also: ordered_matmul.h, tile_kernel.h; kernels/conv/patch_lines.h for who makes lines.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/matrix_view.h"
#include "kernels/matmul/tile_kernel.h"

namespace reprotrain::kernels {

/// B (depth, n_columns) in panels of a kernel's columns.
struct PackedFactor {
  const float* data = nullptr;
  int64_t depth = 0;
  int64_t n_columns = 0;
  int64_t depth_stride = 0;
  int64_t panel_stride = 0;
};

/// Numbers of work space that pack_factor needs.
int64_t packed_factor_size(const TileKernel& kernel, int64_t depth, int64_t n_columns);

/// Copies B to `memory`, or names its own memory where that is a panel already.
PackedFactor pack_factor(const TileKernel& kernel, const ConstMatrixView& b, float* memory);

struct LineProduct {
  std::span<const float* const> a_lines;
  int64_t a_row_stride = 0;
  std::span<const int64_t> term_offsets;  ///< (depth), depth > 0
  PackedFactor b;
  std::span<float* const> c_lines;  ///< as many as a_lines
  int64_t c_row_stride = 0;
  int64_t n_rows = 0;  ///< of a line
  const float* bias = nullptr;
  bool folds = false;  ///< the depth is 1024 at most, C holds the sum of the chains before
};

void multiply_lines(const TileKernel& kernel, const LineProduct& product);

}  // namespace reprotrain::kernels
