// SPDX-License-Identifier: Apache-2.0
// ln x and ln(1 + x): estimates, accurate values and rules.
//
// Estimate: u = 2^k m with m in [sqrt(1/2), sqrt(2)), f = m - 1, s = f / (2 + f), ln u = k
//   ln2_high + (k ln2_low + s P(s^2)), where s P(s^2) = 2 atanh(s). ln(1 + x): u = 1 + x; where
//   k = 0, f is x itself, so that nothing of a small x is lost.
// Error: f is exact (or, for 1 + x above 2^53, its 2^-53 is nothing beside ln u > 36); s is
//   within 2 * 2^-53 and P within 2^-58 + 1.1 * 2^-53, so s P is within 5 * 2^-53; where k != 0,
//   |s P| <= 0.3466 <= |ln u|, and the two sums round once each. Below 2^-50; 2^-48 is claimed.
// Accurate: near 1 the Taylor series (14 terms, |f| <= 2^-8); else one Newton step from the
//   estimate y: y + ln(1 + e) with e = u e^-y - 1 below 2^-43, ln(1 + e) = e - e^2/2 + e^3/3.
#pragma once

#include "kernels/elementwise/elementary_table.h"
#include "kernels/elementwise/estimate.h"
#include "kernels/elementwise/exponential.h"
#include "kernels/elementwise/pair_logarithm.h"
#include "kernels/elementwise/quick_logarithm.h"

namespace reprotrain::kernels::rounded {

/// u = 2^k m, u positive, finite and normal, m in [sqrt(1/2), sqrt(2)).
struct Significand {
  double k;
  double m;
};
RPT_HD Significand decomposed(double u) {
  constexpr uint64_t kOne = 0x3ff0000000000000ull;
  constexpr uint64_t kSqrtHalf = 0x3fe6a09e667f3bcdull;
  const uint64_t bits = bits_of(u);
  const uint64_t biased = (bits + (kOne - kSqrtHalf)) >> 52;  // k + 1023
  // An integer below 2^52, put into the significand of 2^52, is 2^52 + that integer.
  const double k = double_from_bits(0x4330000000000000ull | biased) - (0x1p52 + 1023.0);
  return {k, double_from_bits(bits - (biased << 52) + kOne)};
}

/// ln(2^k (1 + f)) for 1 + f in [sqrt(1/2), sqrt(2)), relative error below 2^-50.
RPT_HD double fast_log_of_parts(double k, double f) {
  const double s = f / (2.0 + f);
  return k * kLn2High + (k * kLn2Low + s * atanh_series(s * s));
}

/// ln u for a positive, finite, normal u, relative to the double u.
RPT_HD double fast_log(double u) {
  const Significand parts = decomposed(u);
  return fast_log_of_parts(parts.k, parts.m - 1.0);
}

/// ln(1 + f) for |f| <= 2^-8, relative error below 2^-97.
RPT_HD DoubleDouble accurate_log_near_one(double f) {
  constexpr int kTerms = 14;
  DoubleDouble series{0.0, 0.0};
  for (int n = kTerms; n >= 1; --n) {
    const DoubleDouble reciprocal = divide(DoubleDouble{1.0, 0.0}, static_cast<double>(n));
    series = add(reciprocal, negated(multiply(series, f)));
  }
  return multiply(series, f);
}

/// ln u for u in [2^-150, 2^130] that is not within 2^-9 of 1, relative error below 2^-90.
RPT_HD DoubleDouble accurate_log_by_newton(DoubleDouble u) {
  const double y = fast_log(u.hi);
  const DoubleDouble e = add(multiply(u, accurate_exp(-y)), -1.0);
  const double e2 = e.hi * e.hi;
  const double correction = e2 * (e.hi / 3.0 - 0.5);
  return add(add(e, correction), y);
}

struct Log {
  RPT_HD static Estimate estimate(float x) {
    const double nan = static_cast<double>(canonical_nan());
    const double value = fast_log(static_cast<double>(x));
    return estimate_within(chosen((x > 0.0f) & (x < infinity()), value, nan), 0x1p-48);
  }
  template <typename MultiplyAdd>
  RPT_HD static QuickEstimate quick_estimate(float x) {
    return log_quick_estimate<MultiplyAdd>(x);
  }
  template <typename Fma>
  RPT_HD static PairEstimate estimate_in_pairs(float x) {
    return log_estimate_in_pairs<Fma>(x);
  }
  RPT_HD static bool special(float x, float& y) {
    y = x == 0.0f ? -infinity() : x < 0.0f ? canonical_nan() : x;
    return x <= 0.0f || x == infinity();
  }
  RPT_HD static DoubleDouble accurate(float x) {
    const double f = static_cast<double>(x) - 1.0;
    if (f > -0x1p-8 && f < 0x1p-8) return accurate_log_near_one(f);
    return accurate_log_by_newton({static_cast<double>(x), 0.0});
  }
};

struct Log1p {
  RPT_HD static Estimate estimate(float x) {
    const double nan = static_cast<double>(canonical_nan());
    const double argument = static_cast<double>(x);
    const Significand parts = decomposed(1.0 + argument);
    const double value =
        fast_log_of_parts(parts.k, chosen(parts.k == 0.0, argument, parts.m - 1.0));
    const double known = chosen((x > -1.0f) & (x < infinity()), value, nan);
    return estimate_within(chosen(argument == 0.0, argument, known), 0x1p-48);
  }
  template <typename MultiplyAdd>
  RPT_HD static QuickEstimate quick_estimate(float x) {
    return log1p_quick_estimate<MultiplyAdd>(x);
  }
  template <typename Fma>
  RPT_HD static PairEstimate estimate_in_pairs(float x) {
    return log1p_estimate_in_pairs<Fma>(x);
  }
  RPT_HD static bool special(float x, float& y) {
    y = x == -1.0f ? -infinity() : x < -1.0f ? canonical_nan() : x;
    return x <= -1.0f || x == infinity() || x == 0.0f;
  }
  RPT_HD static DoubleDouble accurate(float x) {
    const double f = static_cast<double>(x);
    if (f > -0x1p-8 && f < 0x1p-8) return accurate_log_near_one(f);
    return accurate_log_by_newton(two_sum(1.0, f));
  }
};

}  // namespace reprotrain::kernels::rounded
