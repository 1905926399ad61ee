// SPDX-License-Identifier: Apache-2.0
// Copies of panels in AVX2, by rows or by transposed squares of 8x8.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cstdint>

#include "kernels/base/ceil_div.h"
#include "kernels/matmul/tile_kernel.h"

#define RPT_AVX2_ONLY __attribute__((target("avx2")))

namespace reprotrain::kernels {

/// All bits of the first n of eight lanes; n may be negative or more than eight.
RPT_AVX2_ONLY inline __m256i first_lanes(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/// out[k][j] = row(j)[k] for j < 8 and k < 4.
template <class Row>
RPT_AVX2_ONLY RPT_INLINE void transpose_8x4(const Row& row, __m256* out) {
  // Rows j and j + 4 share a register, so that only in-lane shuffles remain.
  const auto halves = [&](int j) __attribute__((target("avx2"), always_inline)) {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(row(j))),
                                _mm_loadu_ps(row(j + 4)), 1);
  };
  const __m256 r0 = halves(0), r1 = halves(1), r2 = halves(2), r3 = halves(3);
  const __m256 low01 = _mm256_unpacklo_ps(r0, r1), high01 = _mm256_unpackhi_ps(r0, r1);
  const __m256 low23 = _mm256_unpacklo_ps(r2, r3), high23 = _mm256_unpackhi_ps(r2, r3);
  out[0] = _mm256_shuffle_ps(low01, low23, 0x44);
  out[1] = _mm256_shuffle_ps(low01, low23, 0xee);
  out[2] = _mm256_shuffle_ps(high01, high23, 0x44);
  out[3] = _mm256_shuffle_ps(high01, high23, 0xee);
}

/// out[k][j] = row(j)[k] for j, k < 8.
template <class Row>
RPT_AVX2_ONLY RPT_INLINE void transpose_8x8(const Row& row, __m256 (&out)[8]) {
  transpose_8x4(row, out);
  const auto later = [&](int j) __attribute__((always_inline)) { return row(j) + 4; };
  transpose_8x4(later, out + 4);
}

/// How far ahead of a copy its source is called for: rows lie too far apart for the processor to
/// guess.
inline constexpr int64_t kPrefetchedRows = 16;

/// Whole vectors of a row at a time, the last one masked.
template <int kVectors>
RPT_AVX2_ONLY RPT_INLINE void pack_adjacent_rows(const PackTask& task) {
  const __m256i lanes = first_lanes(task.width - (kVectors - 1) * 8);
  const float* source = task.source;
  float* target = task.target;
  for (int64_t k = 0; k < task.depth; ++k) {
    _mm_prefetch(reinterpret_cast<const char*>(source + kPrefetchedRows * task.depth_stride),
                 _MM_HINT_T1);
    RPT_UNROLL for (int v = 0; v + 1 < kVectors; ++v) {
      _mm256_storeu_ps(target + v * 8, _mm256_loadu_ps(source + v * 8));
    }
    constexpr int kLast = (kVectors - 1) * 8;
    _mm256_storeu_ps(target + kLast, _mm256_maskload_ps(source + kLast, lanes));
    source += task.depth_stride;
    target += task.target_stride;
  }
}

/// The source has the numbers of one k adjacent.
RPT_AVX2_ONLY inline void pack_adjacent(const PackTask& task) {
  switch (ceil_div(task.width, 8)) {
    case 1:
      return pack_adjacent_rows<1>(task);
    case 2:
      return pack_adjacent_rows<2>(task);
    case 3:
      return pack_adjacent_rows<3>(task);
    default:
      return pack_adjacent_rows<4>(task);
  }
}

/// Eight rows, `kTerms` (8 or 4) numbers from `begin` on.
template <int kTerms, class Row>
RPT_AVX2_ONLY RPT_INLINE void pack_terms(const Row& row, float* target, int64_t target_stride,
                                         int64_t begin) {
  const auto shifted_row = [&](int j) __attribute__((always_inline)) { return row(j) + begin; };
  __m256 columns[8];
  if (kTerms == 8) {
    transpose_8x8(shifted_row, columns);
  } else {
    transpose_8x4(shifted_row, columns);
  }
  float* out = target + begin * target_stride;
  RPT_UNROLL for (int i = 0; i < kTerms; ++i) {
    _mm256_storeu_ps(out, columns[i]);
    out += target_stride;
  }
}

/// Squares of eight rows, and what remains of the depth, which is at least eight, by a square or half
/// of one that overlaps the square before it.
template <class Row>
RPT_AVX2_ONLY RPT_INLINE void pack_squares(const Row& row, float* target, int64_t target_stride,
                                           int64_t depth) {
  int64_t k = 0;
  for (; depth - k > 4; k += 8) {
    pack_terms<8>(row, target, target_stride, std::min(k, depth - 8));
  }
  if (k < depth) pack_terms<4>(row, target, target_stride, depth - 4);
}

/// The source has the numbers of one j adjacent. Beyond the width the last row stands again.
RPT_AVX2_ONLY inline void pack_transposed(const PackTask& task) {
  const int64_t stride = task.width_stride;
  for (int first = 0; first < task.width; first += 8) {
    const float* source = task.source + first * stride;
    float* target = task.target + first;
    const int last = task.width - 1 - first;
    if (task.depth < 8) {
      for (int64_t k = 0; k < task.depth; ++k, target += task.target_stride) {
        for (int j = 0; j < 8; ++j) target[j] = source[std::min(j, last) * stride + k];
      }
    } else if (last >= 7) {
      const float* lower = source + 4 * stride;  // two pointers and multiples of one stride
      const auto row = [=](int j) __attribute__((always_inline)) {
        return j < 4 ? source + j * stride : lower + (j - 4) * stride;
      };
      pack_squares(row, target, task.target_stride, task.depth);
    } else {
      const float* rows[8];
      for (int j = 0; j < 8; ++j) rows[j] = source + std::min(j, last) * stride;
      const auto row = [&](int j) __attribute__((always_inline)) { return rows[j]; };
      pack_squares(row, target, task.target_stride, task.depth);
    }
  }
}

RPT_AVX2_ONLY inline void pack_avx2(const PackTask& task) {
  if (task.width_stride == 1) {
    pack_adjacent(task);
  } else {
    pack_transposed(task);
  }
}

}  // namespace reprotrain::kernels

#undef RPT_AVX2_ONLY

#endif  // defined(__x86_64__)
