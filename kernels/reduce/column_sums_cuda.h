// SPDX-License-Identifier: Apache-2.0
// Exact column sums and column moments of matrices in device memory: those of column_sums.h and
// column_statistics.h.
//
// Why: gradients of biases and of layer norm's scales; fitted features. One pass over the chosen
// rows; matrices may come in pieces.
// Requires: device pointers; chosen rows that are rows of the matrix, seen to before they were copied
// to the device, as no kernel looks at them; everything happens in the order of `stream`. Throws CudaError.
// Determinism: the grid, the method and the cut into calls never reach a result.
// See also: exact_sum_cuda.h (clear, merge and round accumulators), column_terms_cuda.h, thread_limbs_cuda.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <span>

#include "kernels/base/device_workspace.h"
#include "kernels/base/matrix_view.h"
#include "kernels/reduce/exact_sum_cuda.h"
#include "kernels/reduce/moment_sums.h"

namespace reprotrain::kernels {

/// Adds the elements of column c of `m` to sums[c].
void add_column_sums_cuda(ConstMatrixView m, ExactSumAccumulator* sums, cudaStream_t stream,
                          SumMethod method = SumMethod::kByDevice);

/// Adds the products f32(a * b) of two matrices of one shape, element by element.
void add_product_column_sums_cuda(ConstMatrixView a, ConstMatrixView b, ExactSumAccumulator* sums,
                                  cudaStream_t stream, SumMethod method = SumMethod::kByDevice);

/// Bytes of work space for column_sums_cuda of so many columns.
inline int64_t column_sums_bytes(int64_t n_columns) {
  return DeviceWorkspace::bytes_for<ExactSumAccumulator>(n_columns);
}

/// The sum of every column of `m`, rounded once. Nothing where `sums` is empty.
void column_sums_cuda(ConstMatrixView m, DeviceWorkspace workspace, std::span<float> sums,
                      cudaStream_t stream);

/// What is known of a column so far. All zero is the empty column.
struct MomentAccumulator {
  ExactSumAccumulator sum;
  ExactSumAccumulator squares;
  int64_t count;
  uint32_t min_key_complement;  ///< so that both keys grow
  uint32_t max_key;

  RPT_HD ColumnMoments moments() const {
    MomentSums sums;
    sums.note(count, ~min_key_complement, max_key);
    sums.sum = sum.sum();
    sums.squares = squares.sum();
    return sums.moments();
  }
};

/// Rows of a matrix: rows[0] ... rows[n_rows - 1], or 0 ... n_rows - 1 where `rows` is null.
struct ChosenRows {
  const int64_t* rows;
  int64_t n_rows;
};

void clear_moments_cuda(MomentAccumulator* moments, int64_t n_columns, cudaStream_t stream);

/// Adds the values of column c at the chosen rows to moments[c]; NaN is left out.
void add_column_moments_cuda(ConstMatrixView m, ChosenRows chosen, MomentAccumulator* moments,
                             cudaStream_t stream, SumMethod method = SumMethod::kByDevice);

/// Rounds the moments of every column.
void round_moments_cuda(const MomentAccumulator* moments, int64_t n_columns, ColumnMoments* results,
                        cudaStream_t stream);

}  // namespace reprotrain::kernels
