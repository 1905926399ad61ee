// SPDX-License-Identifier: Apache-2.0
// T = sum over n of 256^n * sums[n];  C = T * 2^(8(p-1) - s - t), rounded once;  C = C + bias[j];  the epilogue
//
// Why: with 4-byte sums for p weights this pass moves 4 p + 4 bytes an element, next to 6 K or 12 K
// integer operations. Counted, not measured.
// Requires: sums exact. Determinism: exact integers, one rounding.
// See also: sliced_matmul_cuda.h, digit_slices.h, docs/arithmetic.md "Matrix products of integer
// slices".
#include <algorithm>

#include "kernels/base/ceil_div.h"
#include "kernels/base/cuda_launch.h"
#include "kernels/base/require.h"
#include "kernels/matmul/digit_rows_cuda.h"
#include "kernels/matmul/digit_slices.h"
#include "kernels/matmul/epilogue_cuda.h"
#include "kernels/matmul/epilogue_pass_cuda.h"
#include "kernels/matmul/non_finite_terms.h"
#include "kernels/matmul/quad_rows_cuda.h"
#include "kernels/matmul/sliced_matmul.h"
#include "kernels/matmul/sliced_matmul_cuda.h"

namespace reprotrain::kernels {

namespace {

/// A band of C and what its elements are made of.
struct Recombination {
  MatrixProduct product;  ///< of the band
  int n_digits = 0;
  const uint32_t* row_magnitudes = nullptr;
  const uint32_t* column_magnitudes = nullptr;
  const int32_t* sums = nullptr;  ///< of weight 256^n from n * plane_size on; none for K = 0
  int64_t sums_stride = 0;
  int64_t plane_size = 0;
  int64_t* totals = nullptr;  ///< of the chunks so far, row by row; none for a single chunk
  bool is_first = true;       ///< chunk
  bool is_last = true;
};

/// T of four neighbouring elements, of this chunk. The sums have room for all four.
__device__ __forceinline__ void chunk_totals(const Recombination& task, int64_t row, int64_t column,
                                             int64_t (&totals)[4]) {
#pragma unroll
  for (int e = 0; e < 4; ++e) totals[e] = 0;
  if (task.sums == nullptr) return;
  const int32_t* first = task.sums + row * task.sums_stride + column;
  for (int n = task.n_digits - 1; n >= 0; --n) {
    const int4 sums = *reinterpret_cast<const int4*>(first + n * task.plane_size);
    totals[0] = with_lower_weight(totals[0], sums.x);
    totals[1] = with_lower_weight(totals[1], sums.y);
    totals[2] = with_lower_weight(totals[2], sums.z);
    totals[3] = with_lower_weight(totals[3], sums.w);
  }
}

/// The element whose total is complete.
__device__ __forceinline__ float element_of(const Recombination& task, int64_t row, int64_t column,
                                            int64_t total) {
  const uint32_t row_magnitude = task.row_magnitudes[row];
  const uint32_t column_magnitude = task.column_magnitudes[column];
  float value;
  if (max(row_magnitude, column_magnitude) >= 0x7f800000u) {
    value = sum_of_non_finite_terms(task.product, row, column);
  } else {
    value =
        rounded_once(rounding_equivalent(total),
                     unit_of(slice_exponent(row_magnitude, task.n_digits), 8 * (task.n_digits - 1)),
                     unit_of(slice_exponent(column_magnitude, task.n_digits), 0));
  }
  return task.product.bias == nullptr ? value : value + task.product.bias[column];
}

/// A thread takes four neighbouring elements of a row.
__global__ void __launch_bounds__(256) recombine_kernel(const Recombination task) {
  const MatrixView& c = task.product.c;
  for_each_quad_of_rows(c.n_rows, c.n_columns, [&](int64_t row, int64_t column, int n) {
    int64_t totals[4];
    chunk_totals(task, row, column, totals);
    int64_t* earlier = task.totals + row * c.n_columns + column;
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      if (!task.is_first && e < n) totals[e] += earlier[e];
      if (!task.is_last && e < n) earlier[e] = totals[e];
    }
    if (!task.is_last) return;
    float values[4] = {};
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      if (e < n) values[e] = element_of(task, row, column + e, totals[e]);
    }
    finish_quad(task.product.epilogue, row, column, n, values);
    store_quad(c.row(row) + column, 0, n, values);
  });
}

constexpr int64_t kSegmentStep = 64;  // bytes: whole sectors, and what tensor cores like
constexpr int64_t kVectorStep = 16;
constexpr int64_t kBandStep = 128;
constexpr int64_t kAlignment = 256;  // of every part of the workspace

/// Where everything lies in the workspace.
struct Layout {
  int64_t chunk_terms;
  int64_t n_chunks;
  int64_t segment_bytes;
  int64_t band_rows;
  int64_t n_columns;                                                                   // padded
  int64_t row_magnitudes, column_magnitudes, row_digits, column_digits, sums, totals;  // offsets
  int64_t size_bytes;

  Layout(const ProductShape& shape, const SlicedPlan& plan, int64_t rows_of_band)
      : chunk_terms(
            std::min(plan.chunk_terms == 0 ? max_chunk_terms(plan.n_digits) : plan.chunk_terms,
                     shape.depth)),
        n_chunks(chunk_terms == 0 ? 1 : ceil_div(shape.depth, chunk_terms)),
        segment_bytes(round_up(chunk_terms, kSegmentStep)),
        band_rows(std::min(rows_of_band, shape.n_rows)),
        n_columns(round_up(shape.n_columns, kVectorStep)),
        size_bytes(0) {
    row_magnitudes = take(shape.n_rows * 4);
    column_magnitudes = take(n_columns * 4);
    row_digits = take(band_rows * plan.n_digits * segment_bytes);
    column_digits = take(n_columns * plan.n_digits * segment_bytes);
    sums = take(plan.n_digits * band_rows * n_columns * 4);
    totals = take(n_chunks == 1 ? 0 : band_rows * shape.n_columns * 8);
  }

 private:
  int64_t take(int64_t n_bytes) {
    const int64_t offset = size_bytes;
    size_bytes += round_up(n_bytes, kAlignment);
    return offset;
  }
};

/// As few bands as the workspace allows, of nearly equal height.
Layout layout_for(const ProductShape& shape, const SlicedPlan& plan, int64_t size_bytes) {
  for (int64_t n_bands = 1;; n_bands *= 2) {
    const int64_t rows = round_up(ceil_div(shape.n_rows, n_bands), kBandStep);
    const Layout layout(shape, plan, rows);
    if (layout.size_bytes <= size_bytes) return layout;
    check_cuda(rows > kBandStep ? cudaSuccess : cudaErrorMemoryAllocation,
               "sliced_matmul_cuda: workspace");
  }
}

/// One call: its memory and its steps.
class SlicedProduct {
 public:
  SlicedProduct(const MatrixProduct& product, const SlicedPlan& plan,
                const SlicedWorkspace& workspace, cudaStream_t stream)
      : product_(product),
        plan_(plan),
        stream_(stream),
        layout_(layout_for({product.c.n_rows, product.c.n_columns, product.depth()}, plan,
                           workspace.size_bytes)),
        memory_(static_cast<unsigned char*>(workspace.data)) {}

  void run() const {
    largest_magnitudes_cuda(rows_of_a(0, product_.c.n_rows), row_magnitudes(), stream_);
    largest_magnitudes_cuda(columns_of_b(), column_magnitudes(), stream_);
    for (int64_t first = 0; first < product_.c.n_rows; first += layout_.band_rows) {
      run_band(first, std::min(layout_.band_rows, product_.c.n_rows - first));
    }
  }

 private:
  template <typename T>
  T* at(int64_t offset) const {
    return reinterpret_cast<T*>(memory_ + offset);
  }
  uint32_t* row_magnitudes() const { return at<uint32_t>(layout_.row_magnitudes); }
  uint32_t* column_magnitudes() const { return at<uint32_t>(layout_.column_magnitudes); }

  SlicedVectors rows_of_a(int64_t first, int64_t n_rows) const {
    const ConstMatrixView& a = product_.a;
    if (product_.transpose_a) {
      return {{a.data + first, a.n_rows, n_rows, a.row_stride}, false};
    }
    return {{a.row(first), n_rows, a.n_columns, a.row_stride}, true};
  }
  SlicedVectors columns_of_b() const { return {product_.b, product_.transpose_b}; }

  DigitRows row_digits(int64_t n_rows) const {
    return {at<int8_t>(layout_.row_digits), n_rows, layout_.segment_bytes, plan_.n_digits, true};
  }
  DigitRows column_digits() const {
    return {at<int8_t>(layout_.column_digits), layout_.n_columns, layout_.segment_bytes,
            plan_.n_digits, false};
  }

  void run_band(int64_t first_row, int64_t n_rows) const {
    const SlicedVectors rows = rows_of_a(first_row, n_rows);
    Recombination task = recombination(rows, first_row);
    for (int64_t chunk = 0; chunk < layout_.n_chunks; ++chunk) {
      const int64_t k_begin = chunk * layout_.chunk_terms;
      const int64_t n_terms = std::min(layout_.chunk_terms, product_.depth() - k_begin);
      if (layout_.n_chunks > 1 || first_row == 0) {
        slice_digits_cuda(columns_of_b(), column_magnitudes(), k_begin, n_terms, column_digits(),
                          stream_);
      }
      slice_digits_cuda(rows, task.row_magnitudes, k_begin, n_terms, row_digits(n_rows), stream_);
      multiply_digits(n_rows);
      task.is_first = chunk == 0;
      task.is_last = chunk + 1 == layout_.n_chunks;
      recombine(task);
    }
  }

  Recombination recombination(const SlicedVectors& rows, int64_t first_row) const {
    Recombination task;
    task.product = product_;
    task.product.a = rows.view;
    task.product.c.data = product_.c.row(first_row);
    task.product.c.n_rows = rows.n_vectors();
    task.product.epilogue = product_.epilogue.from_row(first_row);
    task.n_digits = plan_.n_digits;
    task.row_magnitudes = row_magnitudes() + first_row;
    task.column_magnitudes = column_magnitudes();
    task.sums = product_.depth() == 0 ? nullptr : at<int32_t>(layout_.sums);
    task.sums_stride = layout_.n_columns;
    task.plane_size = layout_.band_rows * layout_.n_columns;
    task.totals = at<int64_t>(layout_.totals);
    return task;
  }

  /// The products of all weights; see digit_rows_cuda.h for which digits meet.
  void multiply_digits(int64_t n_rows) const {
    if (product_.depth() == 0) return;
    const DigitRows a = row_digits(n_rows);
    const DigitRows b = column_digits();
    for (int n = 0; n < plan_.n_digits; ++n) {
      Int8Product digits;
      digits.a = a.data;
      digits.a_stride = a.stride_bytes();
      digits.b = b.data + n * b.segment_bytes;
      digits.b_stride = b.stride_bytes();
      digits.c = at<int32_t>(layout_.sums) + n * layout_.band_rows * layout_.n_columns;
      digits.c_stride = layout_.n_columns;
      digits.n_rows = n_rows;
      digits.n_columns = layout_.n_columns;
      digits.depth = (plan_.n_digits - n) * layout_.segment_bytes;
      plan_.gemm->run(digits, stream_);
    }
  }

  void recombine(const Recombination& task) const {
    constexpr int64_t kThreads = 256;
    const int64_t n_quads = task.product.c.n_rows * ceil_div(task.product.c.n_columns, 4);
    const int64_t n_blocks = std::min<int64_t>(ceil_div(n_quads, kThreads), 1 << 20);
    launch(recombine_kernel, {dim3(static_cast<unsigned>(n_blocks)), dim3(kThreads)}, stream_,
           task);
  }

  MatrixProduct product_;
  SlicedPlan plan_;
  cudaStream_t stream_;
  Layout layout_;
  unsigned char* memory_;
};

}  // namespace

int64_t max_chunk_terms(int n_digits) {
  return kMaxInt8Depth / n_digits / kSegmentStep * kSegmentStep;
}

int64_t sliced_workspace_bytes(const ProductShape& shape, const SlicedPlan& plan) {
  return Layout(shape, plan, shape.n_rows).size_bytes;
}

int64_t least_sliced_workspace_bytes(const ProductShape& shape, const SlicedPlan& plan) {
  return Layout(shape, plan, kBandStep).size_bytes;
}

void sliced_matmul_cuda(const MatrixProduct& product, const SlicedPlan& plan,
                        const SlicedWorkspace& workspace, cudaStream_t stream) {
  require_sliced_product(product, plan.n_digits);
  require(plan.gemm != nullptr, "sliced matrix product: nobody to multiply the digits");
  require(plan.chunk_terms >= 0 && plan.chunk_terms <= max_chunk_terms(plan.n_digits),
          "sliced matrix product: chunks longer than a sum of digits has room for");
  require(reinterpret_cast<uintptr_t>(workspace.data) % kAlignment == 0,
          "sliced matrix product: a workspace that is not aligned to 256 bytes");
  if (product.c.n_rows == 0 || product.c.n_columns == 0) return;
  MatrixProduct fused = product;
  if (!is_simple(product.epilogue)) fused.epilogue = {};
  SlicedProduct(fused, plan, workspace, stream).run();
  if (!is_simple(product.epilogue)) finish_matrix_cuda(product.epilogue, product.c, stream);
}

}  // namespace reprotrain::kernels
