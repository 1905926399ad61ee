// SPDX-License-Identifier: Apache-2.0
// Tiles of 4x8 with the 8-bit dot products of AVX-VNNI: 32 products an instruction.
#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels/matmul/digit_tile.h"

#define RPT_TARGET __attribute__((target("avx2,fma,avxvnni")))

namespace reprotrain::kernels {

namespace {

struct Vector {
  using Type = __m256i;
  static constexpr int kLanes = 8;

  RPT_TARGET static Type load(const int32_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  RPT_TARGET static Type broadcast(int32_t word) { return _mm256_set1_epi32(word); }
  RPT_TARGET static void store(int32_t* p, Type v) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(p), v);
  }
  RPT_TARGET static Type dot(Type sums, Type b, Type a) {
    return _mm256_dpbusd_avx_epi32(sums, b, a);
  }
};

#include "kernels/matmul/digit_tile_quads.inc"

}  // namespace

DigitTileKernel avxvnni_digit_tile_kernel(int n_digits) {
  return quad_kernel<1, 1>(DigitLayout::kOffsetQuads, n_digits);
}

}  // namespace reprotrain::kernels

#endif  // defined(__x86_64__)
