// SPDX-License-Identifier: Apache-2.0
// e^x and e^x - 1: estimates, accurate values and rules.
//
// Estimate: k = nearest integer to x / ln 2, r = (x - k ln2_high) - k ln2_low, |r| <= 0.34661,
//   q = (e^r - 1)/r by a polynomial, e^x = 2^k (1 + r q), e^x - 1 = (2^k - 1) + 2^k r q.
// Error: k ln2_high (42 + 9 bits) and the first difference (of neighbours) are exact, so r is
//   within 2^-54 and adds at most 2^-53.5 relative; the polynomial adds 2^-55 + 1.93 * 2^-53,
//   the last two operations 2^-53 each: below 2^-50. In e^x - 1 an error of 4.2 * 2^-53 stands
//   against a value of 0.41 or more (k = 1): below 2^-49. 2^-48 is claimed for both.
// Accurate: ln 2 in three pieces, 24 terms of the Taylor series in double-double.
#pragma once

#include "kernels/elementwise/elementary_table.h"
#include "kernels/elementwise/estimate.h"
#include "kernels/elementwise/pair_exponential.h"
#include "kernels/elementwise/quick_exponential.h"

namespace reprotrain::kernels::rounded {

/// x = k ln 2 + r: 2^k, and tail = e^r - 1.
struct ReducedExponential {
  double power;
  double tail;
};

/// For |x| <= 700. NaN stays NaN in `tail`.
RPT_HD ReducedExponential reduced_exponential(double x) {
  constexpr double kToInteger = 0x1.8p52;  // adding it leaves the integer in the low bits
  const double shifted = x * kReciprocalLn2 + kToInteger;
  const double k = shifted - kToInteger;
  const double r = (x - k * kLn2High) - k * kLn2Low;
  const double power = double_from_bits((bits_of(shifted) + 1023u) << 52);
  return {power, r * expm1_over_r(r)};
}

/// e^x for |x| <= 700, relative error below 2^-50.
RPT_HD double fast_exp(double x) {
  const ReducedExponential e = reduced_exponential(x);
  return e.power + e.power * e.tail;
}

/// e^x - 1 for |x| <= 700, relative error below 2^-48.
RPT_HD double fast_expm1(double x) {
  const ReducedExponential e = reduced_exponential(x);
  return (e.power - 1.0) + e.power * e.tail;
}

struct AccurateReducedExponential {
  double power;
  DoubleDouble tail;
};

/// As above, `tail` with relative error below 2^-98. For |x| <= 700.
RPT_HD_RARE AccurateReducedExponential accurate_reduced_exponential(double x) {
  constexpr double kToInteger = 0x1.8p52;
  constexpr int kTerms = 24;
  const double shifted = x * kReciprocalLn2 + kToInteger;
  const double k = shifted - kToInteger;
  const DoubleDouble without_high = two_sum(x, -k * kLn2High);
  const DoubleDouble without_middle = add(without_high, -k * kLn2Middle);
  const DoubleDouble r = add(without_middle, -k * kLn2Last);
  DoubleDouble series{1.0, 0.0};
  for (int n = kTerms; n >= 2; --n) {
    series = add(divide(multiply(r, series), static_cast<double>(n)), 1.0);
  }
  return {double_from_bits((bits_of(shifted) + 1023u) << 52), multiply(r, series)};
}

/// e^x for |x| <= 700, relative error below 2^-97.
RPT_HD DoubleDouble accurate_exp(double x) {
  const AccurateReducedExponential e = accurate_reduced_exponential(x);
  return scale(add(e.tail, 1.0), e.power);
}

/// e^x - 1 for |x| <= 700, relative error below 2^-95.
RPT_HD DoubleDouble accurate_expm1(double x) {
  const AccurateReducedExponential e = accurate_reduced_exponential(x);
  return add(scale(e.tail, e.power), two_sum(e.power, -1.0));
}

/// Beyond these, e^x rounds to zero and overflows in binary32.
inline constexpr double kExpLow = -110.0;
inline constexpr double kExpHigh = 90.0;

struct Exp {
  RPT_HD static Estimate estimate(float x) {
    return estimate_within(fast_exp(clamped(static_cast<double>(x), kExpLow, kExpHigh)), 0x1p-48);
  }
  template <typename MultiplyAdd>
  RPT_HD static QuickEstimate quick_estimate(float x) {
    return exp_quick_estimate<MultiplyAdd>(x);
  }
  template <typename Fma>
  RPT_HD static PairEstimate estimate_in_pairs(float x) {
    return exp_estimate_in_pairs<Fma>(x);
  }
  RPT_HD static bool special(float /*x*/, float& /*y*/) { return false; }
  RPT_HD static DoubleDouble accurate(float x) {
    return accurate_exp(clamped(static_cast<double>(x), kExpLow, kExpHigh));
  }
};

struct Expm1 {
  RPT_HD static Estimate estimate(float x) {
    const double argument = clamped(static_cast<double>(x), -60.0, kExpHigh);
    const double value = fast_expm1(argument);
    return estimate_within(chosen(argument == 0.0, argument, value), 0x1p-48);
  }
  template <typename MultiplyAdd>
  RPT_HD static QuickEstimate quick_estimate(float x) {
    return expm1_quick_estimate<MultiplyAdd>(x);
  }
  template <typename Fma>
  RPT_HD static PairEstimate estimate_in_pairs(float x) {
    return expm1_estimate_in_pairs<Fma>(x);
  }
  RPT_HD static bool special(float x, float& y) {
    y = x;
    return x == 0.0f;
  }
  RPT_HD static DoubleDouble accurate(float x) {
    return accurate_expm1(clamped(static_cast<double>(x), -60.0, kExpHigh));
  }
};

}  // namespace reprotrain::kernels::rounded
