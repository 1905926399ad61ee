// SPDX-License-Identifier: Apache-2.0
// Tiles of 4x32 with the 8-bit dot products of AVX-512-VNNI: 64 products an instruction.
#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels/matmul/digit_tile.h"

#define RPT_TARGET __attribute__((target("avx2,fma,avx512f,avx512vl,avx512bw,avx512dq,avx512vnni")))

namespace reprotrain::kernels {

namespace {

struct Vector {
  using Type = __m512i;
  static constexpr int kLanes = 16;

  RPT_TARGET static Type load(const int32_t* p) { return _mm512_loadu_si512(p); }
  RPT_TARGET static Type broadcast(int32_t word) { return _mm512_set1_epi32(word); }
  RPT_TARGET static void store(int32_t* p, Type v) { _mm512_store_si512(p, v); }
  RPT_TARGET static Type dot(Type sums, Type b, Type a) { return _mm512_dpbusd_epi32(sums, b, a); }
};

#include "kernels/matmul/digit_tile_quads.inc"

}  // namespace

DigitTileKernel avx512vnni_digit_tile_kernel(int n_digits) {
  return quad_kernel<2, 2>(DigitLayout::kOffsetQuads, n_digits);
}

}  // namespace reprotrain::kernels

#endif  // defined(__x86_64__)
