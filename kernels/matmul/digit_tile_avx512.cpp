// SPDX-License-Identifier: Apache-2.0
// Tiles of 4x32 int16 pairs in AVX-512 registers, for processors without 8-bit dot products.
#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels/matmul/digit_tile.h"

#define RPT_TARGET __attribute__((target("avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")))

namespace reprotrain::kernels {

namespace {

struct Vector {
  using Type = __m512i;
  static constexpr int kLanes = 16;

  RPT_TARGET static Type zero() { return _mm512_setzero_si512(); }
  RPT_TARGET static Type load(const int32_t* p) { return _mm512_loadu_si512(p); }
  RPT_TARGET static Type broadcast(int32_t word) { return _mm512_set1_epi32(word); }
  RPT_TARGET static void store(int32_t* p, Type v) { _mm512_store_si512(p, v); }
  RPT_TARGET static Type add_products(Type sums, Type a, Type b) {
    return _mm512_add_epi32(sums, _mm512_madd_epi16(a, b));
  }
};

#include "kernels/matmul/digit_tile_pairs.inc"

}  // namespace

DigitTileKernel avx512_digit_tile_kernel(int n_digits) { return pair_kernel<2>(n_digits); }

}  // namespace reprotrain::kernels

#endif  // defined(__x86_64__)
