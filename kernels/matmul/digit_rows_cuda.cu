// SPDX-License-Identifier: Apache-2.0
// Largest magnitudes and digits of vectors along K.
//
// Why: a pass over an operand for the magnitudes and one for the digits, 4 + 4 bytes read and p
// written an element. Counted, not measured.
// Both passes read and write neighbouring addresses with neighbouring threads; columns change
// direction in shared memory.
// Determinism: integer maxima; digits are functions of one element and one maximum.
// See also: digit_rows_cuda.h, digit_slices.h.
#include "kernels/matmul/digit_rows_cuda.h"

#include <algorithm>

#include "kernels/base/ceil_div.h"
#include "kernels/base/cuda_launch.h"
#include "kernels/base/require.h"
#include "kernels/matmul/digit_slices.h"

namespace reprotrain::kernels {

namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;
/// Terms of a vector that one thread block looks at before it reports a maximum.
constexpr int64_t kTermsOfPiece = 4096;

LaunchShape blocks_of_threads(int64_t n_blocks) {
  check_cuda(n_blocks <= INT32_MAX ? cudaSuccess : cudaErrorInvalidConfiguration,
             "digits of a matrix: thread blocks");
  return {dim3(static_cast<unsigned>(n_blocks)), dim3(kThreads)};
}

__device__ __forceinline__ uint32_t magnitude_bits(float x) { return bits_of(x) & 0x7fffffffu; }

/// Largest magnitude of n numbers, those that a lane of a warp looks at.
__device__ uint32_t lane_magnitude(const float* x, int n, int lane) {
  uint32_t largest = 0;
  const bool is_aligned = reinterpret_cast<uintptr_t>(x) % 16 == 0;
  const int n_in_quads = is_aligned ? n / 4 * 4 : 0;
#pragma unroll 4
  for (int k = 4 * lane; k < n_in_quads; k += 128) {
    const float4 four = *reinterpret_cast<const float4*>(x + k);
    largest = max(max(largest, magnitude_bits(four.x)), magnitude_bits(four.y));
    largest = max(max(largest, magnitude_bits(four.z)), magnitude_bits(four.w));
  }
#pragma unroll 8
  for (int k = n_in_quads + lane; k < n; k += 32) largest = max(largest, magnitude_bits(x[k]));
  return largest;
}

/// A warp takes a piece of one row.
__global__ void __launch_bounds__(kThreads)
    row_magnitudes_kernel(ConstMatrixView rows, int64_t n_pieces, uint32_t* magnitudes) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int64_t warp = thread_of_grid() / 32;
  const int64_t row = warp / n_pieces;
  if (row >= rows.n_rows) return;
  const int64_t begin = (warp - row * n_pieces) * kTermsOfPiece;
  const int n = static_cast<int>(min(kTermsOfPiece, rows.n_columns - begin));
  uint32_t largest = lane_magnitude(rows.row(row) + begin, n, lane);
  for (int distance = 16; distance > 0; distance /= 2) {
    largest = max(largest, __shfl_xor_sync(0xffffffffu, largest, distance));
  }
  if (lane == 0) atomicMax(magnitudes + row, largest);
}

/// A block takes a piece of 32 columns, a thread every eighth term of one column.
__global__ void __launch_bounds__(kThreads)
    column_magnitudes_kernel(ConstMatrixView columns, int64_t n_pieces, uint32_t* magnitudes) {
  const int64_t group = blockIdx.x / n_pieces;
  const int64_t column = group * 32 + threadIdx.x % 32;
  if (column >= columns.n_columns) return;
  const int64_t begin = (blockIdx.x - group * n_pieces) * kTermsOfPiece;
  const int64_t end = min(begin + kTermsOfPiece, columns.n_rows);
  uint32_t largest = 0;
#pragma unroll 8
  for (int64_t k = begin + threadIdx.x / 32; k < end; k += kWarps) {
    largest = max(largest, magnitude_bits(columns(k, column)));
  }
  atomicMax(magnitudes + column, largest);
}

/// What the slicing kernels know.
struct Slicing {
  ConstMatrixView view;
  const uint32_t* magnitudes = nullptr;
  int64_t k_begin = 0;
  int64_t n_terms = 0;
  DigitRows rows;
};

/// Digits of four neighbouring terms of one vector: word n holds digit n of each.
template <int kDigits>
struct DigitWords {
  uint32_t words[kDigits] = {};

  __device__ void add(int term, float x, const SliceScale& scale) {
    const uint32_t bytes = offset_digits(sliced_integer(x, scale)) ^ 0x808080u;
#pragma unroll
    for (int n = 0; n < kDigits; ++n) words[n] |= (bytes >> 8 * n & 0xffu) << 8 * term;
  }
};

/// Where word `word` of digit n of a row goes.
__device__ __forceinline__ uint32_t* digit_word(const DigitRows& rows, int64_t row, int n,
                                                int64_t word) {
  const int place = rows.highest_first ? rows.n_digits - 1 - n : n;
  int8_t* segment = rows.data + (row * rows.n_digits + place) * rows.segment_bytes;
  return reinterpret_cast<uint32_t*>(segment) + word;
}

template <int kDigits>
__device__ SliceScale scale_of(const Slicing& slicing, int64_t vector) {
  return SliceScale::of_exponent(slice_exponent(slicing.magnitudes[vector], kDigits));
}

/// A thread takes four terms of a row.
template <int kDigits>
__global__ void __launch_bounds__(kThreads) slice_rows_kernel(const Slicing slicing) {
  const int64_t n_words = slicing.rows.segment_bytes / 4;
  const int64_t thread = thread_of_grid();
  const int64_t row = thread / n_words;
  if (row >= slicing.rows.n_rows) return;
  const int64_t word = thread - row * n_words;
  DigitWords<kDigits> digits;
  if (row < slicing.view.n_rows) {
    const SliceScale scale = scale_of<kDigits>(slicing, row);
    const float* x = slicing.view.row(row) + slicing.k_begin + 4 * word;
    const int64_t left = slicing.n_terms - 4 * word;
    if (left >= 4 && reinterpret_cast<uintptr_t>(x) % 16 == 0) {
      const float4 four = *reinterpret_cast<const float4*>(x);
      digits.add(0, four.x, scale);
      digits.add(1, four.y, scale);
      digits.add(2, four.z, scale);
      digits.add(3, four.w, scale);
    } else {
      for (int term = 0; term < 4 && term < left; ++term) digits.add(term, x[term], scale);
    }
  }
#pragma unroll
  for (int n = 0; n < kDigits; ++n) *digit_word(slicing.rows, row, n, word) = digits.words[n];
}

/// A block takes 128 terms of 32 columns: read along the columns, written along the terms.
template <int kDigits>
__global__ void __launch_bounds__(kThreads) slice_columns_kernel(const Slicing slicing) {
  __shared__ uint32_t words[kDigits][32][33];
  const int64_t n_words = slicing.rows.segment_bytes / 4;
  const int64_t n_term_tiles = ceil_div(n_words, 32);
  const int64_t first_column = blockIdx.x / n_term_tiles * 32;
  const int64_t first_word = blockIdx.x % n_term_tiles * 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;

  const int64_t column = first_column + lane;
  const bool exists = column < slicing.view.n_columns;
  const SliceScale scale = exists ? scale_of<kDigits>(slicing, column) : SliceScale();
#pragma unroll
  for (int word = warp; word < 32; word += kWarps) {
    DigitWords<kDigits> digits;
#pragma unroll
    for (int term = 0; term < 4; ++term) {
      const int64_t k = 4 * (first_word + word) + term;
      if (exists && k < slicing.n_terms) {
        digits.add(term, slicing.view(slicing.k_begin + k, column), scale);
      }
    }
#pragma unroll
    for (int n = 0; n < kDigits; ++n) words[n][lane][word] = digits.words[n];
  }
  __syncthreads();
  if (first_word + lane >= n_words) return;
  for (int i = warp; i < 32 && first_column + i < slicing.rows.n_rows; i += kWarps) {
#pragma unroll
    for (int n = 0; n < kDigits; ++n) {
      *digit_word(slicing.rows, first_column + i, n, first_word + lane) = words[n][i][lane];
    }
  }
}

}  // namespace

void largest_magnitudes_cuda(const SlicedVectors& vectors, uint32_t* magnitudes,
                             cudaStream_t stream) {
  const int64_t n = vectors.n_vectors();
  if (n == 0) return;
  check_cuda(cudaMemsetAsync(magnitudes, 0, static_cast<size_t>(n) * sizeof(uint32_t), stream),
             "cudaMemsetAsync");
  if (vectors.depth() == 0) return;
  const int64_t n_pieces = ceil_div(vectors.depth(), kTermsOfPiece);
  if (vectors.are_rows) {
    launch(row_magnitudes_kernel, blocks_of_threads(ceil_div(n * n_pieces, kWarps)), stream,
           vectors.view, n_pieces, magnitudes);
  } else {
    launch(column_magnitudes_kernel, blocks_of_threads(ceil_div(n, 32) * n_pieces), stream,
           vectors.view, n_pieces, magnitudes);
  }
}

void slice_digits_cuda(const SlicedVectors& vectors, const uint32_t* magnitudes, int64_t k_begin,
                       int64_t n_terms, const DigitRows& rows, cudaStream_t stream) {
  require(rows.n_digits == 2 || rows.n_digits == 3, "digits of a matrix: neither 2 nor 3");
  require(n_terms <= rows.segment_bytes && rows.n_rows >= vectors.n_vectors(),
          "digits of a matrix: more terms or vectors than there is room for");
  require(reinterpret_cast<uintptr_t>(rows.data) % 16 == 0 && rows.segment_bytes % 16 == 0,
          "digits of a matrix: rows that are not aligned to 16 bytes");
  if (rows.n_rows == 0 || rows.segment_bytes == 0) return;
  const Slicing slicing{vectors.view, magnitudes, k_begin, n_terms, rows};
  const int64_t n_words = rows.segment_bytes / 4;
  if (vectors.are_rows) {
    const auto kernel = rows.n_digits == 2 ? slice_rows_kernel<2> : slice_rows_kernel<3>;
    launch(kernel, blocks_of_threads(ceil_div(rows.n_rows * n_words, kThreads)), stream, slicing);
  } else {
    const auto kernel = rows.n_digits == 2 ? slice_columns_kernel<2> : slice_columns_kernel<3>;
    launch(kernel, blocks_of_threads(ceil_div(rows.n_rows, 32) * ceil_div(n_words, 32)), stream,
           slicing);
  }
}

}  // namespace reprotrain::kernels
