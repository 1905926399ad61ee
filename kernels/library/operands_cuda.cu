// SPDX-License-Identifier: Apache-2.0
//   round       to[i * row_stride + j] = to_bfloat16(from[i][j])
//   widen       to[i] = from_bfloat16(from[i])
//   transpose   to[j][i] = from[i][j]
//   add bias    matrix[i][j] = matrix[i][j] + bias[j]
//
// Why: factors of a dense layer, up to 16384x784, and activations of a batch of images are passed over
//   once; what is transposed is the weight of a convolution, at most a few million elements.
// Determinism: elementwise.
// See also: bfloat16.h.
#include "kernels/library/operands_cuda.h"

#include "kernels/base/cuda_grid.h"
#include "kernels/base/cuda_launch.h"
#include "kernels/base/quad_map_cuda.h"
#include "kernels/base/require.h"
#include "kernels/library/bfloat16.h"
#include "kernels/matmul/quad_rows_cuda.h"

namespace reprotrain::kernels {
namespace {

constexpr unsigned kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    round_to_bfloat16(const ConstMatrixView from, uint16_t* to, int64_t row_stride) {
  for_each_quad_of_rows(from.n_rows, from.n_columns, [&](int64_t row, int64_t column, int n) {
    float values[4];
    load_quad(from.row(row) + column, 0, n, values);
    uint16_t* const target = to + row * row_stride + column;
    for (int i = 0; i < 4; ++i) {
      if (i < n) target[i] = to_bfloat16(values[i]);
    }
  });
}

__global__ void __launch_bounds__(kThreads)
    widen_bfloat16(const uint16_t* from, float* to, int64_t n) {
  for (int64_t i = thread_of_grid(); i < n; i += threads_of_grid()) to[i] = from_bfloat16(from[i]);
}

__global__ void __launch_bounds__(kThreads)
    transpose(const ConstMatrixView from, const MatrixView to) {
  const int64_t n = from.n_rows * from.n_columns;
  for (int64_t i = thread_of_grid(); i < n; i += threads_of_grid()) {
    const int64_t row = i / to.n_columns, column = i - row * to.n_columns;
    to(row, column) = from(column, row);
  }
}

__global__ void __launch_bounds__(kThreads) add_bias(const float* bias, const MatrixView matrix) {
  for_each_quad_of_rows(matrix.n_rows, matrix.n_columns, [&](int64_t row, int64_t column, int n) {
    float values[4], added[4];
    load_quad(matrix.row(row) + column, 0, n, values);
    load_quad(bias + column, 0, n, added);
    for (int i = 0; i < 4; ++i) values[i] = values[i] + added[i];
    store_quad(matrix.row(row) + column, 0, n, values);
  });
}

}  // namespace

void round_to_bfloat16_cuda(const ConstMatrixView& from, uint16_t* to, int64_t row_stride,
                            cudaStream_t stream) {
  const int64_t n_quads = from.n_rows * quads_of_row(from.n_columns);
  if (n_quads == 0) return;
  launch(round_to_bfloat16, {blocks_for(n_quads, kThreads), kThreads}, stream, from, to,
         row_stride);
}

void widen_bfloat16_cuda(const uint16_t* from, float* to, int64_t n, cudaStream_t stream) {
  if (n == 0) return;
  launch(widen_bfloat16, {blocks_for(n, kThreads), kThreads}, stream, from, to, n);
}

void transpose_cuda(const ConstMatrixView& from, const MatrixView& to, cudaStream_t stream) {
  require(from.n_rows == to.n_columns && from.n_columns == to.n_rows,
          "transpose: the shapes of the matrices do not match");
  const int64_t n = from.n_rows * from.n_columns;
  if (n == 0) return;
  launch(transpose, {blocks_for(n, kThreads), kThreads}, stream, from, to);
}

void add_bias_cuda(const float* bias, const MatrixView& matrix, cudaStream_t stream) {
  const int64_t n_quads = matrix.n_rows * quads_of_row(matrix.n_columns);
  if (n_quads == 0) return;
  launch(add_bias, {blocks_for(n_quads, kThreads), kThreads}, stream, bias, matrix);
}

}  // namespace reprotrain::kernels
