// SPDX-License-Identifier: Apache-2.0
// An element of a sliced product whose row of op(A) or column of op(B) holds an infinity or a NaN.
//
//   sum = +0;  sum = sum + op(A)[i][k] * op(B)[k][j]  for each k where a factor is not finite
//
// Why: integers have neither infinities nor NaNs. Rare, so one thread walks along K.
// Determinism: infinities of one sign, of both (NaN), or a NaN: the order of the terms cannot be
// seen. A NaN stays, so the walk ends there. NaN payloads are free here.
// See also: docs/arithmetic.md "Matrix products of integer slices"; digit_slices.h.
#pragma once

#include <cstdint>

#include "kernels/base/hd.h"
#include "kernels/matmul/digit_slices.h"
#include "kernels/matmul/ordered_matmul.h"

namespace reprotrain::kernels {

RPT_HD float sum_of_non_finite_terms(const MatrixProduct& product, int64_t row, int64_t column) {
  const int64_t depth = product.depth();
  float sum = 0.0f;
  for (int64_t k = 0; k < depth && sum == sum; ++k) {
    const float a = product.transpose_a ? product.a(k, row) : product.a(row, k);
    const float b = product.transpose_b ? product.b(column, k) : product.b(k, column);
    sum = with_non_finite_term(sum, a, b);
  }
  return sum;
}

}  // namespace reprotrain::kernels
