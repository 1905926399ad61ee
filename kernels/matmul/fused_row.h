// SPDX-License-Identifier: Apache-2.0
// sums[j] = fma(a, b[j], sums[j]) for a row of numbers, in vectors of what every machine has.
//
//   aarch64: the vector fma. x86-64 before FMA, in SSE2, for each j:
//   s   = a * b + sum     binary64: the product exact, the sum rounded
//   sum = f32(s)          unless s may be a point where the second rounding errs; then exact_fma
//
// Why: two roundings err only where s is the middle of two binary32 numbers, which eight
// instructions for four sums tell from its bits; exact_fma for every sum takes twice the time.
// Requires: round to nearest, subnormals kept.
// Determinism: the correctly rounded fma on every path.
// See also: kernels/base/exact_fma.h.
#pragma once

#include <cstdint>
#include <cstring>
#if defined(__aarch64__)
#include <arm_neon.h>
#else
#include <immintrin.h>
#endif

#include "kernels/base/exact_fma.h"

namespace reprotrain::kernels {

#if defined(__aarch64__)

/// `kVectors` times four numbers of B.
template <int kVectors>
class FusedRow {
 public:
  static constexpr int kLanes = 4;
  using Floats = float32x4_t;

  RPT_HD explicit FusedRow(const float* b) {
    for (int v = 0; v < kVectors; ++v) b_[v] = vld1q_f32(b + v * kLanes);
  }
  RPT_HD void add_times(float a, Floats (&sums)[kVectors]) const {
    for (int v = 0; v < kVectors; ++v) sums[v] = vfmaq_n_f32(sums[v], b_[v], a);
  }

 private:
  Floats b_[kVectors];
};

#else

/// `kVectors` times four numbers of B, as binary64.
template <int kVectors>
class FusedRow {
 public:
  static constexpr int kLanes = 4;
  using Floats = __m128;

  RPT_HD explicit FusedRow(const float* b) {
    for (int v = 0; v < kVectors; ++v) b_[v] = Widened(_mm_loadu_ps(b + v * kLanes));
  }

  RPT_HD void add_times(float a, Floats (&sums)[kVectors]) const {
    const __m128d factor = _mm_set1_pd(a);
    Floats rounded[kVectors];
    __m128i doubtful = _mm_setzero_si128();
    for (int v = 0; v < kVectors; ++v) {
      const Widened sum(sums[v]);
      const Widened added(_mm_add_pd(_mm_mul_pd(factor, b_[v].low), sum.low),
                          _mm_add_pd(_mm_mul_pd(factor, b_[v].high), sum.high));
      rounded[v] = added.narrowed();
      doubtful = _mm_or_si128(doubtful, added.may_be_middles());
    }
    if (__builtin_expect(_mm_movemask_epi8(doubtful) != 0, 0)) return add_exactly(factor, sums);
    for (int v = 0; v < kVectors; ++v) sums[v] = rounded[v];
  }

 private:
  /// Four binary64 numbers.
  struct Widened {
    __m128d low;
    __m128d high;

    Widened() = default;
    RPT_HD Widened(__m128d first, __m128d second) : low(first), high(second) {}
    RPT_HD explicit Widened(__m128 floats)
        : low(_mm_cvtps_pd(floats)), high(_mm_cvtps_pd(_mm_movehl_ps(floats, floats))) {}

    RPT_HD __m128 narrowed() const { return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high)); }

    /// All bits of a lane whose number is in the middle of two normal binary32 numbers, or below
    /// the least normal one without being zero.
    RPT_HD __m128i may_be_middles() const {
      const __m128 first = _mm_castpd_ps(low);
      const __m128 second = _mm_castpd_ps(high);
      const __m128i low_words = _mm_castps_si128(_mm_shuffle_ps(first, second, 0x88));
      const __m128i high_words = _mm_castps_si128(_mm_shuffle_ps(first, second, 0xdd));
      // The 29 bits that binary32 has not: a one and zeros.
      const __m128i lowest = _mm_set1_epi32(INT32_MIN);
      const __m128i middle = _mm_cmpeq_epi32(_mm_slli_epi32(low_words, 3), lowest);
      // 0 < magnitude < 2^-126, in upper words; zero becomes the largest of signed numbers.
      constexpr int32_t kLeastNormal = 0x38100000;
      const __m128i magnitude = _mm_andnot_si128(lowest, high_words);
      const __m128i shifted = _mm_add_epi32(magnitude, _mm_set1_epi32(INT32_MAX));
      const __m128i bound = _mm_set1_epi32(INT32_MIN + (kLeastNormal - 1));
      return _mm_or_si128(middle, _mm_cmplt_epi32(shifted, bound));
    }
  };

  RPT_HD_RARE void add_exactly(__m128d factor, Floats (&sums)[kVectors]) const {
    for (int v = 0; v < kVectors; ++v) {
      const Widened sum(sums[v]);
      sums[v] = Widened(exactly(factor, b_[v].low, sum.low), exactly(factor, b_[v].high, sum.high))
                    .narrowed();
    }
  }

  RPT_HD static __m128d exactly(__m128d a, __m128d b, __m128d c) {
    typedef double Doubles __attribute__((vector_size(16)));
    typedef int64_t Longs __attribute__((vector_size(16)));
    return fused_to_odd<Doubles, Longs>(a, b, c);
  }

  Widened b_[kVectors];
};

#endif

}  // namespace reprotrain::kernels
