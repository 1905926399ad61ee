// SPDX-License-Identifier: Apache-2.0
// Matrix products with a fixed order of operations: specification `fma32-v1-draft`.
//
//   C = op(A) op(B) [+ bias on every row], op = identity or transposition
//   for every element (i, j), in blocks b of 1024 terms:
//     s_b = +0
//     s_b = fma(A[i][k], B[k][j], s_b)   for k = 1024 b, 1024 b + 1, ... ascending
//     C = s_0;  C = C + s_1;  C = C + s_2;  ...     binary32 additions, left fold
//     C = C + bias[j]                               one addition, only with a bias
//   Without terms (K = 0) the product is +0. An epilogue (epilogue.h) comes after the bias.
//
// Why: dense layers forward (64x64x128, 128x784x256) and both of their gradients; 9/10 of a
// training step.
// Determinism: tiles, SIMD width, threads and packing never reach a value. NaN payloads are free
// here; whoever stores or hashes a result canonicalises it first.
// See also: docs/arithmetic.md "Matrix products"; tile_kernel.h for how the loops are cut.
#pragma once

#include <cstdint>

#include "kernels/base/matrix_view.h"
#include "kernels/base/parallel.h"
#include "kernels/matmul/epilogue.h"

namespace reprotrain::kernels {

/// Length of one fma chain along K; part of the specification.
inline constexpr int64_t kChainLength = 1024;

/// C (n_rows, n_columns) = op(A) (n_rows, depth) * op(B) (depth, n_columns).
struct MatrixProduct {
  ConstMatrixView a;  ///< (n_rows, depth), or (depth, n_rows) when transposed
  bool transpose_a = false;
  ConstMatrixView b;  ///< (depth, n_columns), or (n_columns, depth) when transposed
  bool transpose_b = false;
  MatrixView c;                 ///< written, never read; overlaps no operand
  const float* bias = nullptr;  ///< n_columns entries added to every row, or none
  Epilogue epilogue = {};       ///< what comes after the bias
  bool a_is_in_cache = false;   ///< A was just written and is small: its rows are read in place

  RPT_HD int64_t depth() const { return transpose_a ? a.n_rows : a.n_columns; }
};

/// Whether the shapes of operands and result agree.
inline bool has_matching_shapes(const MatrixProduct& product) {
  const auto& [a, transpose_a, b, transpose_b, c, bias, epilogue, a_is_in_cache] = product;
  return c.n_rows == (transpose_a ? a.n_columns : a.n_rows) &&
         c.n_columns == (transpose_b ? b.n_rows : b.n_columns) &&
         product.depth() == (transpose_b ? b.n_columns : b.n_rows);
}

/// Throws std::invalid_argument, with a sentence, for operands that cannot be multiplied.
void require_product(const MatrixProduct& product);

/// Computes `product`, or throws as require_product does.
///
/// Small products run on the calling thread. Work space is thread-local and reused.
void ordered_matmul(const MatrixProduct& product, const Parallel& parallel);

}  // namespace reprotrain::kernels
