// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/column_sums_cuda.h"

#include "kernels/base/quad_map_cuda.h"
#include "kernels/base/require.h"
#include "kernels/reduce/column_terms_cuda.h"
#include "kernels/reduce/thread_limbs_cuda.h"

namespace reprotrain::kernels {
namespace {

using column_terms::BlockLayout;
using column_terms::GridLayout;
using column_terms::kRowsOfBatch;
using column_terms::layout_of;

constexpr int kMomentThreads = 128;  // limbs of both sums in 48 KiB
constexpr unsigned kCellThreads = 128;

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

}  // namespace

void add_column_sums_cuda(ConstMatrixView m, ExactSumAccumulator* sums, cudaStream_t stream,
                          SumMethod method) {
  add_column_terms_cuda(Elements{m}, m.n_rows, m.n_columns, sums, stream, method);
}

void add_product_column_sums_cuda(ConstMatrixView a, ConstMatrixView b, ExactSumAccumulator* sums,
                                  cudaStream_t stream, SumMethod method) {
  require(a.n_rows == b.n_rows && a.n_columns == b.n_columns,
          "column sums: the factors differ in shape");
  add_column_terms_cuda(Products{a, b}, a.n_rows, a.n_columns, sums, stream, method);
}

void column_sums_cuda(ConstMatrixView m, DeviceWorkspace workspace, std::span<float> sums,
                      cudaStream_t stream) {
  const auto n = static_cast<int64_t>(sums.size());
  if (n == 0) return;
  auto* const exact = workspace.take<ExactSumAccumulator>(n);
  clear_sums_cuda(exact, n, stream);
  add_column_sums_cuda(m, exact, stream);
  round_sums_cuda(exact, n, sums.data(), stream);
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
