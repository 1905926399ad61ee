// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/column_sums_cuda.h"

#include <algorithm>

#include "kernels/base/ceil_div.h"
#include "kernels/base/quad_map_cuda.h"
#include "kernels/base/require.h"
#include "kernels/reduce/thread_limbs_cuda.h"

namespace reprotrain::kernels {
namespace {

constexpr int kRowsOfBatch = 8;  // loads under way at a time
constexpr int kMostLanes = 32;   // columns side by side in a block
constexpr int kSumThreads = 256;
constexpr int kMomentThreads = 128;  // limbs of both sums in 48 KiB
constexpr unsigned kCellThreads = 128;

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

GridLayout layout_of(int64_t n_rows, int64_t n_columns, int n_threads) {
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

struct Elements {
  ConstMatrixView m;
  __device__ float operator()(int64_t row, int64_t column) const { return m(row, column); }
};

struct Products {
  ConstMatrixView a, b;
  __device__ float operator()(int64_t row, int64_t column) const {
    return a(row, column) * b(row, column);
  }
};

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

/// Count and extremes of the values that a thread has seen.
struct ThreadExtremes {
  uint64_t count = 0;
  uint32_t min_key_complement = 0;
  uint32_t max_key = 0;

  __device__ void note(float value) {
    const uint32_t key = total_order_key(value);
    ++count;
    min_key_complement = max(min_key_complement, ~key);
    max_key = max(max_key, key);
  }
  __device__ void pour(MomentAccumulator& moments) const {
    if (count == 0) return;
    atomic_add(&moments.count, static_cast<int64_t>(count));
    atomicMax(&moments.min_key_complement, min_key_complement);
    atomicMax(&moments.max_key, max_key);
  }
};

template <bool kWindow>
__global__ void __launch_bounds__(kMomentThreads)
    add_moments(ConstMatrixView m, ChosenRows chosen, BlockLayout layout,
                MomentAccumulator* moments) {
  using Values = ThreadSum<ValueTerm, kMomentThreads, kWindow>;
  using Squares = ThreadSum<SquareTerm, kMomentThreads, kWindow>;
  __shared__ int64_t value_limbs[Values::Limbs::kSharedLimbs];
  __shared__ int64_t square_limbs[Squares::Limbs::kSharedLimbs];
  Values values(value_limbs);
  Squares squares(square_limbs);
  ThreadExtremes extremes;
  const int64_t column = layout.first_column() + layout.lane();
  const int64_t step = layout.n_rows_at_once;
  if (column < m.n_columns) {
    for (int64_t at = layout.first_row(); at < chosen.n_rows; at += kRowsOfBatch * step) {
      float batch[kRowsOfBatch];
      FieldRange<float> range;
      for (int i = 0; i < kRowsOfBatch; ++i) {
        batch[i] = float_from_bits(0x7fc00000u);  // missing
        const int64_t place = at + i * step;
        if (place < chosen.n_rows) {
          batch[i] = m(chosen.rows == nullptr ? place : chosen.rows[place], column);
        }
      }
      for (int i = 0; i < kRowsOfBatch; ++i) {
        if (is_nan(batch[i])) {
          batch[i] = 0.0f;
        } else {
          extremes.note(batch[i]);
        }
        range.note(batch[i]);
      }
      values.add(batch, range);
      squares.add(batch, range);
    }
    extremes.pour(moments[column]);
  }
  const int64_t first = layout.first_column();
  const int64_t n_columns = m.n_columns;
  values.pour(layout.n_lanes, [=](int lane) {
    return first + lane < n_columns ? &moments[first + lane].sum : nullptr;
  });
  squares.pour(layout.n_lanes, [=](int lane) {
    return first + lane < n_columns ? &moments[first + lane].squares : nullptr;
  });
}

__global__ void __launch_bounds__(kCellThreads)
    round_cells(const MomentAccumulator* moments, int64_t n_columns, ColumnMoments* results) {
  for (int64_t i = thread_of_grid(); i < n_columns; i += threads_of_grid()) {
    results[i] = moments[i].moments();
  }
}

template <class Source>
void add_matrix(const Source& source, int64_t n_rows, int64_t n_columns, ExactSumAccumulator* sums,
                cudaStream_t stream, SumMethod method) {
  if (n_rows == 0 || n_columns == 0) return;
  const GridLayout layout = layout_of(n_rows, n_columns, kSumThreads);
  launch(takes_windows(method) ? add_columns<Source, true> : add_columns<Source, false>,
         layout.shape, stream, source, n_rows, n_columns, layout.block, sums);
}

}  // namespace

void add_column_sums_cuda(ConstMatrixView m, ExactSumAccumulator* sums, cudaStream_t stream,
                          SumMethod method) {
  add_matrix(Elements{m}, m.n_rows, m.n_columns, sums, stream, method);
}

void add_product_column_sums_cuda(ConstMatrixView a, ConstMatrixView b, ExactSumAccumulator* sums,
                                  cudaStream_t stream, SumMethod method) {
  require(a.n_rows == b.n_rows && a.n_columns == b.n_columns,
          "column sums: the factors differ in shape");
  add_matrix(Products{a, b}, a.n_rows, a.n_columns, sums, stream, method);
}

void clear_moments_cuda(MomentAccumulator* moments, int64_t n_columns, cudaStream_t stream) {
  check_cuda(cudaMemsetAsync(moments, 0, static_cast<size_t>(n_columns) * sizeof(*moments), stream),
             "cudaMemsetAsync");
}

void add_column_moments_cuda(ConstMatrixView m, ChosenRows chosen, MomentAccumulator* moments,
                             cudaStream_t stream, SumMethod method) {
  if (chosen.n_rows == 0 || m.n_columns == 0) return;
  const GridLayout layout = layout_of(chosen.n_rows, m.n_columns, kMomentThreads);
  launch(takes_windows(method) ? add_moments<true> : add_moments<false>, layout.shape, stream, m,
         chosen, layout.block, moments);
}

void round_moments_cuda(const MomentAccumulator* moments, int64_t n_columns, ColumnMoments* results,
                        cudaStream_t stream) {
  if (n_columns == 0) return;
  launch(round_cells, {blocks_for(n_columns, kCellThreads), kCellThreads}, stream, moments,
         n_columns, results);
}

}  // namespace reprotrain::kernels
