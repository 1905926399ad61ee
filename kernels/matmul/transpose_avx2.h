// SPDX-License-Identifier: Apache-2.0
// An 8x8 transposition in registers, for packing transposed operands on x86-64.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstdint>

#include "kernels/matmul/tile_kernel.h"

namespace reprotrain::kernels {

/// target[k * target_stride + j] = source[j * source_stride + k] for k, j < 8.
__attribute__((target("avx2"))) inline void transpose_8x8(const float* source,
                                                          int64_t source_stride, float* target,
                                                          int64_t target_stride) {
  const auto row = [&](int j) { return source + j * source_stride; };
  // Rows j and j+4 share a register, so that only in-lane shuffles remain.
  const auto halves = [&](int j, int k) __attribute__((target("avx2"))) {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(row(j) + k)),
                                _mm_loadu_ps(row(j + 4) + k), 1);
  };
  for (int k = 0; k < 8; k += 4) {
    const __m256 r0 = halves(0, k), r1 = halves(1, k), r2 = halves(2, k), r3 = halves(3, k);
    const __m256 low01 = _mm256_unpacklo_ps(r0, r1), high01 = _mm256_unpackhi_ps(r0, r1);
    const __m256 low23 = _mm256_unpacklo_ps(r2, r3), high23 = _mm256_unpackhi_ps(r2, r3);
    float* out = target + k * target_stride;
    _mm256_storeu_ps(out, _mm256_shuffle_ps(low01, low23, 0x44));
    _mm256_storeu_ps(out + target_stride, _mm256_shuffle_ps(low01, low23, 0xee));
    _mm256_storeu_ps(out + 2 * target_stride, _mm256_shuffle_ps(high01, high23, 0x44));
    _mm256_storeu_ps(out + 3 * target_stride, _mm256_shuffle_ps(high01, high23, 0xee));
  }
}

/// Packs by 8x8 squares, the rim element by element.
__attribute__((target("avx2"))) inline void pack_transposed_avx2(const TransposedPanel& panel) {
  const int64_t whole_depth = panel.depth & ~int64_t{7};
  const int whole_width = panel.width & ~7;
  for (int j = 0; j < whole_width; j += 8) {
    const float* source = panel.source + j * panel.source_stride;
    for (int64_t k = 0; k < whole_depth; k += 8) {
      transpose_8x8(source + k, panel.source_stride, panel.target + k * panel.target_stride + j,
                    panel.target_stride);
    }
    for (int64_t k = whole_depth; k < panel.depth; ++k) {
      float* target = panel.target + k * panel.target_stride + j;
      for (int i = 0; i < 8; ++i) target[i] = source[i * panel.source_stride + k];
    }
  }
  for (int j = whole_width; j < panel.width; ++j) {
    const float* source = panel.source + j * panel.source_stride;
    for (int64_t k = 0; k < panel.depth; ++k) panel.target[k * panel.target_stride + j] = source[k];
  }
}

}  // namespace reprotrain::kernels

#endif  // defined(__x86_64__)
