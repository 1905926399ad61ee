// SPDX-License-Identifier: Apache-2.0
// The vectors of a sliced product's operand as rows of int8 digits in device memory.
//
//   M[v] = largest magnitude of vector v over all of K, as bits        integer maximum, any order
//   digits of x[v][k] * 2^s(M[v]), rounded                             digit_slices.h
//
// A row holds its p digits one after the other, each a segment of K bytes padded with zeros: A's
// rows highest digit first, B's rows lowest first. A single integer product over the first (p - n)
// segments of A and the last (p - n) of B then sums all pairs of digits whose weight is 256^n:
//
//   p = 3   A  [d2 | d1 | d0]    n = 0:  A from d2 on, B from e0 on   d2 e0 + d1 e1 + d0 e2
//           B  [e0 | e1 | e2]    n = 1:  A from d2 on, B from e1 on   d2 e1 + d1 e2
//                                n = 2:  A from d2 on, B from e2 on   d2 e2
//
// See also: sliced_matmul_cuda.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/base/matrix_view.h"

namespace reprotrain::kernels {

/// The rows or the columns of a matrix in device memory.
struct SlicedVectors {
  ConstMatrixView view;
  bool are_rows = true;

  int64_t n_vectors() const { return are_rows ? view.n_rows : view.n_columns; }
  int64_t depth() const { return are_rows ? view.n_columns : view.n_rows; }
};

struct DigitRows {
  int8_t* data = nullptr;     ///< aligned to 16 bytes
  int64_t n_rows = 0;         ///< at least one for each vector; the others get zeros
  int64_t segment_bytes = 0;  ///< a multiple of 16
  int n_digits = 0;
  bool highest_first = false;

  int64_t stride_bytes() const { return n_digits * segment_bytes; }
};

/// magnitudes[v] = largest bits_of(abs(x[v][k])) over all k: 0x7f800000 or more where vector v
/// holds an infinity or a NaN.
void largest_magnitudes_cuda(const SlicedVectors& vectors, uint32_t* magnitudes,
                             cudaStream_t stream);

/// Digits of terms k_begin ... k_begin + n_terms - 1, n_terms <= segment_bytes. What a vector that
/// holds an infinity or a NaN becomes is of no use. Throws std::invalid_argument, with a sentence,
/// for rows that are not as described above.
void slice_digits_cuda(const SlicedVectors& vectors, const uint32_t* magnitudes, int64_t k_begin,
                       int64_t n_terms, const DigitRows& rows, cudaStream_t stream);

}  // namespace reprotrain::kernels
