// SPDX-License-Identifier: Apache-2.0
// Tiles of int16 pairs in AVX2 registers: 4x16.
#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels/matmul/digit_tile.h"

#define RPT_TARGET __attribute__((target("avx2,fma")))

namespace reprotrain::kernels {

namespace {

struct Vector {
  using Type = __m256i;
  static constexpr int kLanes = 8;

  RPT_TARGET static Type zero() { return _mm256_setzero_si256(); }
  RPT_TARGET static Type load(const int32_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  RPT_TARGET static Type broadcast(int32_t word) { return _mm256_set1_epi32(word); }
  RPT_TARGET static void store(int32_t* p, Type v) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(p), v);
  }
  // Does not saturate: only two products of -2^15 by -2^15 would exceed int32.
  RPT_TARGET static Type add_products(Type sums, Type a, Type b) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(a, b));
  }
};

#include "kernels/matmul/digit_tile_pairs.inc"

}  // namespace

DigitTileKernel avx2_digit_tile_kernel(int n_digits) { return pair_kernel<2>(n_digits); }

}  // namespace reprotrain::kernels

#endif  // defined(__x86_64__)
