// SPDX-License-Identifier: Apache-2.0
// erf, gelu(x) = x Phi(x) and its derivative Phi(x) + x phi(x), of the normal distribution.
//
// Estimate: the upper tail 1 - Phi(a) = phi(a) M(a) for a >= 0, M a polynomial in 1 / (a + 4);
//   Phi(x) = 1 - tail(x) for x > 0, tail(-x) else; erf(z) = z E(z^2) for |z| < 3/4, else 1 - 2
//   tail(sqrt(2) |z|) with the sign of z.
// Error: M is within 2^-51 + 67 * 2^-53, phi within 2^-50 (x^2/2 and z^2 are exact), the
//   rounding of M's argument adds 13 * 2^-53: below 2^-46 for a tail. 2^-45 of the sizes added
//   is claimed.
// Accurate, all terms of one sign, so nothing cancels inside:
//   |x| < 4:  Phi(x) = 1/2 + phi(x) x T(x^2), T(w) = 1 + w/3 (1 + w/5 (1 + w/7 (...))), 96 terms;
//   |x| >= 4: M(a) = 1/(a + 1/(a + 2/(a + 3/(a + ...)))), 120 levels;
//   erf(z) = 2/sqrt(pi) e^-z^2 z T(2 z^2) for |z| < 4.
//   The remainders are below 2^-112. Phi(-4) = 2^-15 and the zero of the derivative near -0.7518,
//   where neighbours leave 2^-26, cost that many of about 104 bits.
#pragma once

#include "kernels/elementwise/exponential.h"
#include "kernels/elementwise/pair_normal_distribution.h"
#include "kernels/elementwise/quick_normal_distribution.h"

namespace reprotrain::kernels::rounded {

/// Beyond 15 the tail times its argument is below 2^-160.
inline constexpr double kNormalReach = 15.0;

/// phi(a), and the tail 1 - Phi(a), for 0 <= a <= kNormalReach.
struct NormalTail {
  double density;
  double tail;
};

RPT_HD double mills_ratio(double a) {
  return mills_polynomial(kMillsScale / (a + 4.0) - kMillsOffset);
}
RPT_HD NormalTail normal_tail(double a) {
  const double density = fast_exp(-0.5 * (a * a)) * inverse_sqrt_two_pi().hi;
  return {density, density * mills_ratio(a)};
}

/// T(w) of the header comment, for 0 <= w <= 32.
RPT_HD_RARE DoubleDouble odd_factorial_series(double w) {
  constexpr int kTerms = 96;
  DoubleDouble series{1.0, 0.0};
  for (int n = kTerms; n >= 1; --n) {
    series = add(divide(multiply(series, w), static_cast<double>(2 * n + 1)), 1.0);
  }
  return series;
}

/// M(a) for a >= 4.
RPT_HD_RARE DoubleDouble accurate_mills_ratio(double a) {
  constexpr int kLevels = 120;
  DoubleDouble denominator{a, 0.0};
  for (int n = kLevels; n >= 1; --n) {
    denominator = add(divide(DoubleDouble{static_cast<double>(n), 0.0}, denominator), a);
  }
  return divide(DoubleDouble{1.0, 0.0}, denominator);
}

RPT_HD DoubleDouble accurate_normal_density(double x) {
  return multiply(accurate_exp(-0.5 * (x * x)), inverse_sqrt_two_pi());
}

/// Phi(x) for a binary32 x, |x| <= kNormalReach, given phi(x).
RPT_HD DoubleDouble accurate_normal_distribution(double x, DoubleDouble density) {
  if (x > -4.0 && x < 4.0) {
    return add(multiply(multiply(density, x), odd_factorial_series(x * x)), 0.5);
  }
  if (x < 0.0) return multiply(density, accurate_mills_ratio(-x));
  return add(negated(multiply(density, accurate_mills_ratio(x))), 1.0);
}

struct Erf {
  /// From here on erf rounds to 1, and its value here, which does so too, stands for it: the one
  /// exception to |value - f(x)| <= error, in the first estimates as well.
  static constexpr double kSaturation = 4.0;

  RPT_HD static Estimate estimate(float x) {
    const double argument = static_cast<double>(x);
    const double z = clamped(magnitude(argument), 0.0, kSaturation);
    const double square = z * z;
    const double near_zero = z * erf_series(square);
    const double tail =
        fast_exp(-square) * (2.0 * inverse_sqrt_two_pi().hi) * mills_ratio(kSqrt2 * z);
    const double value = chosen(z < 0.75, near_zero, 1.0 - tail);
    return estimate_within(with_sign_of(argument, value), 0x1p-45);
  }
  template <typename MultiplyAdd>
  RPT_HD static QuickEstimate quick_estimate(float x) {
    return erf_quick_estimate<MultiplyAdd>(x);
  }
  template <typename Fma>
  RPT_HD static PairEstimate estimate_in_pairs(float x) {
    return erf_estimate_in_pairs<Fma>(x);
  }
  RPT_HD static bool special(float x, float& y) {
    y = x;
    return x == 0.0f;
  }
  RPT_HD static DoubleDouble accurate(float x) {
    const double z = clamped(static_cast<double>(x), -kSaturation, kSaturation);
    const DoubleDouble factor = multiply(multiply(accurate_exp(-(z * z)), two_over_sqrt_pi()), z);
    return multiply(factor, odd_factorial_series(2.0 * (z * z)));
  }
};

struct Gelu {
  RPT_HD static Estimate estimate(float x) {
    const double argument = clamped(static_cast<double>(x), -kNormalReach, 0x1p200);
    const NormalTail normal = normal_tail(clamped(magnitude(argument), 0.0, kNormalReach));
    const double distribution = chosen(argument < 0.0, normal.tail, 1.0 - normal.tail);
    return estimate_within(argument * distribution, 0x1p-45);
  }
  template <typename MultiplyAdd>
  RPT_HD static QuickEstimate quick_estimate(float x) {
    return gelu_quick_estimate<MultiplyAdd>(x);
  }
  template <typename Fma>
  RPT_HD static PairEstimate estimate_in_pairs(float x) {
    return gelu_estimate_in_pairs<Fma>(x);
  }
  /// gelu(-infinity) is the limit, -0.
  RPT_HD static bool special(float x, float& y) {
    y = x == -infinity() ? -0.0f : x;
    return x == 0.0f || !is_finite(x);
  }
  RPT_HD static DoubleDouble accurate(float x) {
    const double argument = clamped(static_cast<double>(x), -kNormalReach, 0x1p200);
    const double inside = clamped(argument, -kNormalReach, kNormalReach);
    return multiply(accurate_normal_distribution(inside, accurate_normal_density(inside)),
                    argument);
  }
};

struct GeluDerivative {
  RPT_HD static Estimate estimate(float x) {
    const double argument = clamped(static_cast<double>(x), -kNormalReach, kNormalReach);
    const double distance = magnitude(argument);
    const NormalTail normal = normal_tail(distance);
    const double slope = distance * normal.density;
    const double lower_side = normal.tail - slope;
    const double upper_side = (1.0 - normal.tail) + slope;
    const double lower_error = (normal.tail + slope) * 0x1p-45;
    return {chosen(argument < 0.0, lower_side, upper_side),
            chosen(argument < 0.0, lower_error, upper_side * 0x1p-45)};
  }
  template <typename MultiplyAdd>
  RPT_HD static QuickEstimate quick_estimate(float x) {
    return gelu_derivative_quick_estimate<MultiplyAdd>(x);
  }
  template <typename Fma>
  RPT_HD static PairEstimate estimate_in_pairs(float x) {
    return gelu_derivative_estimate_in_pairs<Fma>(x);
  }
  RPT_HD static bool special(float /*x*/, float& /*y*/) { return false; }
  RPT_HD static DoubleDouble accurate(float x) {
    const double argument = clamped(static_cast<double>(x), -kNormalReach, kNormalReach);
    const DoubleDouble density = accurate_normal_density(argument);
    if (argument <= -4.0) {
      return multiply(density, add(accurate_mills_ratio(-argument), argument));
    }
    return add(accurate_normal_distribution(argument, density), multiply(density, argument));
  }
};

}  // namespace reprotrain::kernels::rounded
