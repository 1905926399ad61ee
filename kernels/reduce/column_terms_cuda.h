// SPDX-License-Identifier: Apache-2.0
// Exact column sums of terms that a formula makes of a row and a column, on a CUDA device.
//
//   sums[c] += term(0, c), term(1, c), ... each rounded to binary32 by `term`, their sum exact
//
// `term` is a small struct of views and pointers with __device__ float operator()(int64_t row, int64_t
// column) const.
// Why: terms need not be written to memory before they are summed.
// Determinism: integers only; the grid, the method and the cut into calls never reach a sum.
// See also: column_sums_cuda.h, thread_limbs_cuda.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/base/ceil_div.h"
#include "kernels/base/cuda_grid.h"
#include "kernels/base/cuda_launch.h"
#include "kernels/reduce/exact_sum_cuda.h"
#include "kernels/reduce/thread_limbs_cuda.h"

namespace reprotrain::kernels {

namespace column_terms {

inline constexpr int kRowsOfBatch = 8;  // loads under way at a time
inline constexpr int kMostLanes = 32;   // columns side by side in a block
inline constexpr int kSumThreads = 256;

/// How a block lies on a matrix: `n_lanes` columns, a power of two, times the rest in rows.
struct BlockLayout {
  int n_lanes;
  int64_t n_rows_at_once;  ///< of the whole grid

  __device__ int lane() const { return static_cast<int>(threadIdx.x) % n_lanes; }
  __device__ int64_t first_column() const { return static_cast<int64_t>(blockIdx.x) * n_lanes; }
  __device__ int64_t first_row() const {
    const int64_t block_rows = blockDim.x / static_cast<unsigned>(n_lanes);
    return blockIdx.y * block_rows + threadIdx.x / static_cast<unsigned>(n_lanes);
  }
};

struct GridLayout {
  LaunchShape shape;
  BlockLayout block;
};

inline GridLayout layout_of(int64_t n_rows, int64_t n_columns, int n_threads) {
  int n_lanes = 1;
  while (n_lanes < kMostLanes && n_lanes < n_columns) n_lanes *= 2;
  const int64_t block_rows = n_threads / n_lanes;
  const int64_t column_blocks = ceil_div(n_columns, n_lanes);
  const int64_t useful = ceil_div(n_rows, block_rows * kRowsOfBatch);
  const int64_t busy = blocks_for(INT64_MAX / 2, static_cast<unsigned>(n_threads));
  const int64_t row_blocks =
      std::clamp<int64_t>(busy / column_blocks, 1, std::min<int64_t>(useful, 65535));
  return {{dim3(static_cast<unsigned>(column_blocks), static_cast<unsigned>(row_blocks)),
           static_cast<unsigned>(n_threads)},
          {n_lanes, row_blocks * block_rows}};
}

template <class Source, bool kWindow>
__global__ void __launch_bounds__(kSumThreads)
    add_columns(Source term, int64_t n_rows, int64_t n_columns, BlockLayout layout,
                ExactSumAccumulator* sums) {
  using Sum = ThreadSum<ValueTerm, kSumThreads, kWindow>;
  __shared__ int64_t limbs[Sum::Limbs::kSharedLimbs];
  Sum own(limbs);
  const int64_t column = layout.first_column() + layout.lane();
  const int64_t step = layout.n_rows_at_once;
  if (column < n_columns) {
    for (int64_t row = layout.first_row(); row < n_rows; row += kRowsOfBatch * step) {
      float batch[kRowsOfBatch];
      FieldRange<float> range;
      for (int i = 0; i < kRowsOfBatch; ++i) {
        batch[i] = row + i * step < n_rows ? term(row + i * step, column) : 0.0f;
      }
      for (int i = 0; i < kRowsOfBatch; ++i) range.note(batch[i]);
      own.add(batch, range);
    }
  }
  const int64_t first = layout.first_column();
  own.pour(layout.n_lanes,
           [=](int lane) { return first + lane < n_columns ? sums + (first + lane) : nullptr; });
}

}  // namespace column_terms

/// Adds the terms of column c to sums[c], for every c < n_columns.
template <class Term>
void add_column_terms_cuda(const Term& term, int64_t n_rows, int64_t n_columns,
                           ExactSumAccumulator* sums, cudaStream_t stream,
                           SumMethod method = SumMethod::kByDevice) {
  if (n_rows == 0 || n_columns == 0) return;
  const auto layout = column_terms::layout_of(n_rows, n_columns, column_terms::kSumThreads);
  launch(takes_windows(method) ? column_terms::add_columns<Term, true>
                               : column_terms::add_columns<Term, false>,
         layout.shape, stream, term, n_rows, n_columns, layout.block, sums);
}

}  // namespace reprotrain::kernels
