// SPDX-License-Identifier: Apache-2.0
// Stands in for the compiler's <immintrin.h>: AVX2, AVX-512 and VNNI executed by SIMDe in plain C++,
// so that kernels for them run on any x86-64.
//
// Sources are compiled as they are, with this folder first among the include paths and this file
// included before anything else. The `target` attributes of their functions must not let the
// compiler use the instructions themselves, so they become attributes without effect.
#pragma once

// Standard headers with an identifier `target`, before it is a macro.
#include <functional>
#include <thread>
#include <vector>

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx2.h>
#include <simde/x86/avx512.h>
#include <simde/x86/fma.h>

#include "kernels/base/exact_fma.h"

namespace reprotrain::testing {

/// SIMDe multiplies and adds with two roundings where the processor has no fma.
template <typename Vector>
Vector fused(Vector a, Vector b, Vector c) {
  constexpr size_t kLanes = sizeof(Vector) / sizeof(float);
  float x[kLanes], y[kLanes], z[kLanes];
  __builtin_memcpy(x, &a, sizeof x);
  __builtin_memcpy(y, &b, sizeof y);
  __builtin_memcpy(z, &c, sizeof z);
  for (size_t i = 0; i < kLanes; ++i) z[i] = kernels::emulated_fma(x[i], y[i], z[i]);
  __builtin_memcpy(&c, z, sizeof z);
  return c;
}

inline __m512 load_masked(simde__mmask16 mask, const float* source) {
  float lanes[16] = {};
  for (int i = 0; i < 16; ++i) {
    if ((mask >> i & 1) != 0) lanes[i] = source[i];
  }
  return simde_mm512_loadu_ps(lanes);
}

inline void store_masked(float* target_lanes, simde__mmask16 mask, __m512 vector) {
  float lanes[16];
  simde_mm512_storeu_ps(lanes, vector);
  for (int i = 0; i < 16; ++i) {
    if ((mask >> i & 1) != 0) target_lanes[i] = lanes[i];
  }
}

template <int kScale>
__m512 gather_masked(__m512 otherwise, simde__mmask16 mask, __m512i offsets, const float* base) {
  static_assert(kScale == sizeof(float));
  float lanes[16];
  int32_t places[16];
  simde_mm512_storeu_ps(lanes, otherwise);
  simde_mm512_storeu_si512(places, offsets);
  for (int i = 0; i < 16; ++i) {
    if ((mask >> i & 1) != 0) lanes[i] = base[places[i]];
  }
  return simde_mm512_loadu_ps(lanes);
}

}  // namespace reprotrain::testing

// What SIMDe 0.7.4 lacks, or names in another way.
using __mmask16 = simde__mmask16;
#undef _mm256_fmadd_ps
#undef _mm512_fmadd_ps
#undef _mm512_madd_epi16
#define _mm256_fmadd_ps(a, b, c) reprotrain::testing::fused<__m256>(a, b, c)
#define _mm512_fmadd_ps(a, b, c) reprotrain::testing::fused<__m512>(a, b, c)
#define _mm512_maskz_loadu_ps(mask, p) reprotrain::testing::load_masked(mask, p)
#define _mm512_mask_storeu_ps(p, mask, v) reprotrain::testing::store_masked(p, mask, v)
#define _mm512_mask_i32gather_ps(v, mask, offsets, p, scale) \
  reprotrain::testing::gather_masked<scale>(v, mask, offsets, p)
#define _mm512_madd_epi16(a, b) simde_mm512_madd_epi16(a, b)
#define _mm256_dpbusd_avx_epi32(sums, b, a) simde_mm256_dpbusd_epi32(sums, b, a)

#define target(instruction_sets) unused
