// SPDX-License-Identifier: Apache-2.0
// Constants of the estimates in binary32 pairs. Printed by scripts/generate_elementary_tables.py --pairs;
// change the script, not this file.
#pragma once

#include "kernels/base/hd.h"
#include "kernels/elementwise/float_pair.h"

namespace reprotrain::kernels::rounded {

inline constexpr float kPairReciprocalLn2 = 0x1.7154760000000p+0f;
/// ln 2 in two pieces of 24 bits.
inline constexpr float kPairLn2High = 0x1.62e4300000000p-1f;
inline constexpr float kPairLn2Low = -0x1.05c6100000000p-29f;
/// 1 / sqrt(2 pi)
RPT_HD FloatPair inverse_sqrt_two_pi_pair() {
  return {0x1.9884540000000p-2f, -0x1.8579360000000p-27f};
}
/// sqrt 2
RPT_HD FloatPair sqrt_two_pair() { return {0x1.6a09e60000000p+0f, 0x1.9fcef40000000p-26f}; }

/// (e^r - 1) / r for |r| <= 0.34661.
/// Approximation error 2^-37.21, rounding error below 2^-35.07, both relative.
template <typename Fma>
RPT_HD FloatPair expm1_over_r_in_pairs(float r) {
  const float rest =
      fused_horner<Fma>(r, 0x1.1111120000000p-7f, 0x1.6c164e0000000p-10f, 0x1.a019ae0000000p-13f,
                        0x1.a15a600000000p-16f, 0x1.72c72e0000000p-19f);
  return pair_horner<Fma>(r, rest, 0x1.0000000000000p+0f, 0x1.0000000000000p-1f,
                          FloatPair{0x1.5555560000000p-3f, -0x1.5558920000000p-28f},
                          FloatPair{0x1.5555560000000p-5f, -0x1.17a4580000000p-30f});
}

/// 2 atanh(s) / s with w = s^2, for w <= 0.029440.
/// Approximation error 2^-39.67, rounding error below 2^-34.88, both relative.
template <typename Fma>
RPT_HD FloatPair twice_atanh_series_in_pairs(FloatPair w) {
  const float rest = fused_horner<Fma>(w.hi, 0x1.9999960000000p-2f, 0x1.2494380000000p-2f,
                                       0x1.c620e20000000p-3f, 0x1.9193a00000000p-3f);
  return pair_horner<Fma>(w, rest, 0x1.0000000000000p+1f,
                          FloatPair{0x1.5555560000000p-1f, -0x1.531d2a0000000p-26f});
}

/// erf(z) / z with w = z^2, for |z| <= 0.25.
/// Approximation error 2^-42.27, rounding error below 2^-39.54, both relative.
template <typename Fma>
RPT_HD FloatPair erf_series_in_pairs(FloatPair w) {
  const float rest = fused_horner<Fma>(w.hi, -0x1.b82cac0000000p-6f, 0x1.5641a40000000p-8f,
                                       -0x1.b47f720000000p-11f);
  return pair_horner<Fma>(w, rest, FloatPair{0x1.20dd760000000p+0f, -0x1.f7ac940000000p-25f},
                          FloatPair{-0x1.8127460000000p-2f, -0x1.604c7e0000000p-27f},
                          FloatPair{0x1.ce2f220000000p-4f, -0x1.24dd5e0000000p-29f});
}

/// Maps x in [0, 13.2] to u = kPairMillsScale / (x + 4) - kPairMillsOffset in [-1, 1].
inline constexpr float kPairMillsScale = 0x1.4d93640000000p+3f;
inline constexpr float kPairMillsOffset = 0x1.9b26ca0000000p+0f;

/// (x + 4) (1 - Phi(x)) / (phi(x) sqrt(2 pi)) as a function of u.
/// Approximation error 2^-37.37, rounding error below 2^-34.83, both relative.
template <typename Fma>
RPT_HD FloatPair scaled_mills_in_pairs(FloatPair u) {
  const float rest =
      fused_horner<Fma>(u.hi, 0x1.131b800000000p-14f, 0x1.a2389a0000000p-17f,
                        -0x1.52c62e0000000p-18f, -0x1.9ea0220000000p-21f, 0x1.ee646a0000000p-22f,
                        0x1.8c65000000000p-26f, -0x1.1bf7500000000p-25f, 0x1.ceb7420000000p-30f);
  return pair_horner<Fma>(u, rest, FloatPair{0x1.d71a280000000p-1f, -0x1.e9162c0000000p-24f},
                          FloatPair{0x1.42bc620000000p-1f, -0x1.3209e60000000p-28f},
                          FloatPair{0x1.4440a20000000p-2f, -0x1.00fcf80000000p-28f},
                          FloatPair{0x1.c6f9900000000p-4f, -0x1.07c13e0000000p-34f},
                          FloatPair{0x1.75394c0000000p-6f, 0x1.b4b38c0000000p-31f},
                          FloatPair{0x1.199f200000000p-12f, 0x1.8f9cac0000000p-33f},
                          FloatPair{-0x1.3148540000000p-10f, 0x1.657ce40000000p-35f},
                          FloatPair{-0x1.3e342c0000000p-13f, -0x1.259b2a0000000p-38f});
}

}  // namespace reprotrain::kernels::rounded
