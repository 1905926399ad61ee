// SPDX-License-Identifier: Apache-2.0
// erf, gelu and its derivative in binary32 pairs.
//
// Upper tail 1 - Phi(a) = e^(-a^2/2) v G(u), v = 1 / (a + 4), u = scale v - offset, for 0 <= a <=
//   13.1. Phi and erf as in normal_distribution.h; erf(z) = z E(z^2) for |z| < 1/4.
// Error of a tail: G as stated beside its coefficients; u, whose first difference is exact
//   (neighbours, on the grid of 2^-24), within 2^-40; e^(-a^2/2), the square a pair, within 2^-36;
//   each operation 2^-43: below 2^-34 in all.
// See also: normal_distribution.h, the same in binary64; pair_estimate.h.
#pragma once

#include "kernels/elementwise/pair_exponential.h"

namespace reprotrain::kernels::rounded {

/// Beyond it e^(-a^2/2) leaves the range of reduced_exponential_in_pairs.
inline constexpr float kPairNormalReach = 13.1f;
/// Beyond -15, x Phi(x) and its derivative round to -0.
inline constexpr float kPairNormalVanishes = -15.0f;

/// e^(-factor a^2) for factor 1/2 or 1: e^(hi + lo) = e^hi (1 + lo + lo^2 / 2), |lo| <= 2^-18.
template <typename Fma>
RPT_HD FloatPair gaussian_in_pairs(float a, float factor) {
  const FloatPair exponent = scale(two_product<Fma>(a, a), -factor);
  const FloatPair leading = exp_in_pairs<Fma>(exponent.hi);
  const float correction = Fma::of(exponent.lo * 0.5f, exponent.lo, exponent.lo);
  return quick_two_sum(leading.hi, Fma::of(leading.hi, correction, leading.lo));
}

/// (1 - Phi(a)) / (phi(a) sqrt(2 pi)), given a + 4.
template <typename Fma>
RPT_HD FloatPair mills_ratio_in_pairs(FloatPair a_and_four) {
  const FloatPair v = reciprocal<Fma>(a_and_four);
  const FloatPair scaled = multiply<Fma>(v, kPairMillsScale);
  return multiply<Fma>(
      scaled_mills_in_pairs<Fma>(FloatPair{scaled.hi - kPairMillsOffset, scaled.lo}), v);
}

/// 1 - Phi(a), given e^(-a^2/2).
template <typename Fma>
RPT_HD FloatPair normal_tail_in_pairs(float a, FloatPair gaussian) {
  return multiply<Fma>(mills_ratio_in_pairs<Fma>(quick_two_sum(4.0f, a)), gaussian);
}

/// From |x| = 4 on erf rounds to 1.
template <typename Fma>
RPT_HD PairEstimate erf_estimate_in_pairs(float x) {
  const float z = at_most(magnitude(x), 4.0f);
  const FloatPair near_zero = multiply<Fma>(erf_series_in_pairs<Fma>(two_product<Fma>(z, z)), z);
  const FloatPair a_and_four = quick_add(4.0f, multiply<Fma>(sqrt_two_pair(), z));
  const FloatPair tail =
      multiply<Fma>(mills_ratio_in_pairs<Fma>(a_and_four), gaussian_in_pairs<Fma>(z, 1.0f));
  const FloatPair far = quick_add(1.0f, scale(tail, -2.0f));
  const FloatPair value = times_sign_of(x, chosen(z < 0.25f, near_zero, far));
  return ruled_where(x == 0.0f, x, pair_estimate_within<Fma>(value, 0x1p-36f));
}

template <typename Fma>
RPT_HD PairEstimate gelu_estimate_in_pairs(float x) {
  const float a = at_most(magnitude(x), kPairNormalReach);
  const FloatPair tail = normal_tail_in_pairs<Fma>(a, gaussian_in_pairs<Fma>(a, 0.5f));
  const FloatPair upper = quick_add(1.0f, scale(tail, -1.0f));
  const FloatPair value = multiply<Fma>(chosen(x < 0.0f, tail, upper), x);
  const bool is_far = x < -kPairNormalReach;
  const float beyond = chosen(x < kPairNormalVanishes, -0.0f, canonical_nan());
  return ruled_where(is_far | (x == 0.0f), chosen(is_far, beyond, x),
                     pair_estimate_within<Fma>(value, 0x1.4p-36f));
}

template <typename Fma>
RPT_HD PairEstimate gelu_derivative_estimate_in_pairs(float x) {
  const float a = at_most(magnitude(x), kPairNormalReach);
  const FloatPair gaussian = gaussian_in_pairs<Fma>(a, 0.5f);
  const FloatPair tail = normal_tail_in_pairs<Fma>(a, gaussian);
  const FloatPair slope = multiply<Fma>(multiply<Fma>(gaussian, inverse_sqrt_two_pi_pair()), a);
  const FloatPair sum = two_sum(slope.hi, -tail.hi);
  const FloatPair difference = {sum.hi, sum.lo + (slope.lo - tail.lo)};
  const FloatPair value = chosen(x < 0.0f, scale(difference, -1.0f), quick_add(1.0f, difference));
  const float error = Fma::of(slope.hi + tail.hi, 0x1p-36f, kUnderflow);
  const float beyond = chosen(x < kPairNormalVanishes, -0.0f, canonical_nan());
  return ruled_where(x < -kPairNormalReach, beyond,
                     {value.hi, value.lo, Fma::of(magnitude(value.hi), 0x1p-40f, error)});
}

}  // namespace reprotrain::kernels::rounded
