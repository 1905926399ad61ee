// SPDX-License-Identifier: Apache-2.0
// Matrix products by exact integer slicing: `int8x2-v1-draft` and `int8x3-v1-draft`.
//
//   C = op(A) op(B) [+ bias on every row], op = identity or transposition
//   rows of op(A) and columns of op(B) become integers of p = 2 or 3 base-256 digits, each with one
//   power of two for the whole of K; T[i][j] = exact sum over k of the kept pairs of digits
//   C = T * 2^(8(p-1) - s[i] - t[j]), rounded once;  C = C + bias[j]
//   With an infinity or a NaN in row i or column j: the sum of the terms that it takes part in.
//
// Why: integer products are exact in any order, so tensor cores, VNNI and plain loops agree; p = 2
// is more accurate than TF32 on well-scaled data, p = 3 about as accurate as a binary32 chain.
// Determinism: C[i][j] is a function of row i of op(A) and column j of op(B); batch, tile, threads,
// shards and the order of K cannot reach it. NaN payloads are free here.
// See also: docs/arithmetic.md "Matrix products of integer slices"; digit_slices.h for the
// formulas, digit_panels.h and digit_tile.h for how the work is cut.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/base/parallel.h"
#include "kernels/matmul/digit_slices.h"
#include "kernels/matmul/digit_tile.h"
#include "kernels/matmul/ordered_matmul.h"

namespace reprotrain::kernels {

/// Largest K: a total of K products of 30 bits fits int64.
inline constexpr int64_t kMaxSlicedDepth = int64_t{1} << 32;

/// Throws std::invalid_argument, with a sentence, for operands that cannot be multiplied, for
/// n_digits other than 2 or 3, and for a K above kMaxSlicedDepth.
void require_sliced_product(const MatrixProduct& product, int n_digits);

/// Computes `product` with n_digits = 2 or 3, or throws as require_sliced_product does.
void sliced_matmul(const MatrixProduct& product, int n_digits, const Parallel& parallel);

/// Some of the terms of C[i][j] = sum over k of a[k][i] * b[k][j].
struct SlicedTerms {
  ConstMatrixView a;  ///< (n_terms, n_rows)
  ConstMatrixView b;  ///< (n_terms, n_columns)
};

/// sliced_matmul of factors that come in parts, for a K whose digits would take too much memory: all
/// parts are measured, then all are added. Works on the calling thread.
class SlicedSum {
 public:
  SlicedSum(int64_t n_rows, int64_t n_columns, int n_digits);

  void measure(const SlicedTerms& part);
  void add(const SlicedTerms& part);
  /// Writes C, (n_rows, n_columns).
  void finish(const MatrixView& c) const;

 private:
  void add_non_finite(const MatrixProduct& part);

  int64_t n_rows_, n_columns_;
  int n_digits_;
  DigitTileKernel kernel_;
  std::vector<LargestMagnitude> rows_, columns_;  // of all parts measured; whole panels
  std::vector<int64_t> totals_;                   // group by group
  std::vector<float> non_finite_;                 // C where it is not finite; empty: nowhere
  int64_t n_terms_ = 0;
};

}  // namespace reprotrain::kernels
