// SPDX-License-Identifier: Apache-2.0
// e^x and e^x - 1 in binary32 pairs, and the logistic functions made of them.
//
// k = nearest integer to x / ln 2; r = fma(-k, ln2_high, x) is exact: both terms are multiples of
//   2^-24 (or of the last place of x, if that is less) and |r| <= 0.34661; r_low =
//   -k ln2_low is below 2^-22. e^x = 2^k (1 + tail), tail = r C(r) + r_low e^r.
// Error: C as stated beside its coefficients, r_low^2 / 2 below 2^-45, each operation on pairs
//   2^-40: below 2^-34.8 of the tail. In e^x - 1 an error of 0.83 times that stands against a value of
//   0.41 or more (k = 1). What is claimed is less, and proven on all arguments
//   (scripts/exhaustive.sh --path pair): the coefficients do not all err at once.
// See also: exponential.h, the same in binary64; pair_estimate.h.
#pragma once

#include "kernels/elementwise/elementary_pair_table.h"
#include "kernels/elementwise/pair_estimate.h"

namespace reprotrain::kernels::rounded {

/// e^x = power (1 + tail).
struct PairExponential {
  float power;
  FloatPair tail;
};

/// For |x| <= 87.
template <typename Fma>
RPT_HD PairExponential reduced_exponential_in_pairs(float x) {
  constexpr float kToInteger = 0x1.8p23f;  // adding it leaves the integer in the low bits
  const float shifted = Fma::of(x, kPairReciprocalLn2, kToInteger);
  const float k = shifted - kToInteger;
  const float r = Fma::of(-k, kPairLn2High, x);
  const float r_low = -k * kPairLn2Low;
  const float power = float_from_bits((bits_of(shifted) + 127u) << 23);
  FloatPair tail = multiply<Fma>(expm1_over_r_in_pairs<Fma>(r), r);
  tail.lo = tail.lo + Fma::of(r_low, tail.hi, r_low);
  return {power, tail};
}

/// e^x for |x| <= 87.
template <typename Fma>
RPT_HD FloatPair exp_in_pairs(float x) {
  const PairExponential e = reduced_exponential_in_pairs<Fma>(x);
  return scale(quick_add(1.0f, e.tail), e.power);
}

/// e^x - 1 for -60 <= x <= 87.
template <typename Fma>
RPT_HD FloatPair expm1_in_pairs(float x) {
  const PairExponential e = reduced_exponential_in_pairs<Fma>(x);
  return quick_add(two_sum(e.power, -1.0f), scale(e.tail, e.power));
}

/// Below this e^x rounds to +0.
inline constexpr float kPairExpVanishes = -104.0f;

/// +0 where e^x rounds to that, else unknown.
RPT_HD float zero_or_unknown(float x) { return zero_where(x < kPairExpVanishes, canonical_nan()); }

/// |x| within the reach of reduced_exponential_in_pairs; false for NaN.
RPT_HD bool within_pair_reach(float x) { return magnitude(x) <= 87.0f; }

template <typename Fma>
RPT_HD PairEstimate exp_estimate_in_pairs(float x) {
  const PairEstimate inside = pair_estimate_within<Fma>(exp_in_pairs<Fma>(x), 0x1.8p-37f);
  return ruled_where(!within_pair_reach(x), zero_or_unknown(x), inside);
}

template <typename Fma>
RPT_HD PairEstimate expm1_estimate_in_pairs(float x) {
  const float argument = at_least(x, -60.0f);
  const PairEstimate inside = pair_estimate_within<Fma>(expm1_in_pairs<Fma>(argument), 0x1p-35f);
  const bool is_zero = x == 0.0f;
  return ruled_where(is_zero | !within_pair_reach(argument), chosen(is_zero, x, canonical_nan()),
                     inside);
}

template <typename Fma>
RPT_HD PairEstimate sigmoid_estimate_in_pairs(float x) {
  const float argument = at_least(-x, -87.0f);
  const FloatPair exponential = exp_in_pairs<Fma>(argument);
  const FloatPair one_and = two_sum(1.0f, exponential.hi);
  const FloatPair value = reciprocal<Fma>(FloatPair{one_and.hi, one_and.lo + exponential.lo});
  return ruled_where(!within_pair_reach(argument), zero_or_unknown(x),
                     pair_estimate_within<Fma>(value, 0x1.8p-37f));
}

/// From |x| = 15 on the value is 1 less 2^-42 and less.
template <typename Fma>
RPT_HD PairEstimate tanh_estimate_in_pairs(float x) {
  const FloatPair t = expm1_in_pairs<Fma>(2.0f * at_most(magnitude(x), 15.0f));
  const FloatPair and_two = two_sum(t.hi, 2.0f);
  const FloatPair value = divide<Fma>(t, FloatPair{and_two.hi, and_two.lo + t.lo});
  return ruled_where(x == 0.0f, x, pair_estimate_within<Fma>(times_sign_of(x, value), 0x1p-35f));
}

}  // namespace reprotrain::kernels::rounded
