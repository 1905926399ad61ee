// SPDX-License-Identifier: Apache-2.0
// erf, gelu and its derivative, quickly in binary64.
//
// erf(z) = z E(z^2), one polynomial for all of 0 <= z <= 4, in u = scale z^2 - 1, scale = 2 / 4.0001^2: its terms
//   alternate in sign, and their sizes add up to E(0) <= 4.5 E(z^2), so it stays accurate.
// Tail of the normal distribution, for 0 <= a <= 13: 1 - Phi(a) = e^(-a^2/2) v G(u), v = 1 / (a + 5),
//   u = scale v - offset. gelu(x) = max(x, 0) - |x| (1 - Phi(|x|)).
// Derivative of gelu: d = (1 - Phi(a)) - a phi(a) = e^(-a^2/2) (zero - a) H(u), `zero` its zero of
//   0.7518, in two pieces, so that the neighbours of it keep their digits; the derivative is d for
//   x < 0, 1 - d else.
// Error: E within 2^-38.7, G within 2^-39.7, H within 2^-42; e^(-a^2/2), whose exponent is exact,
//   2^-38.7; 1 / (a + 5) 2^-46, times the 13 of its way through u 2^-42; nothing else cancels.
//   Below 2^-37.7.
// See also: quick_estimate.h; normal_distribution.h, all the digits of binary64.
#pragma once

#include "kernels/elementwise/elementary_quick_table.h"
#include "kernels/elementwise/float_choices.h"
#include "kernels/elementwise/quick_estimate.h"
#include "kernels/elementwise/quick_exponential.h"

namespace reprotrain::kernels::rounded {

/// Beyond it the tail times its argument comes near the subnormal numbers.
inline constexpr float kQuickNormalReach = 13.0f;
/// Where |x| is at least this, or 0, erf(x) and gelu(x) are no subnormal numbers.
inline constexpr float kQuickNormalLeast = 0x1p-124f;

RPT_HD bool is_zero_or_at_least(float size, float least) {
  return (size >= least) | (size == 0.0f);
}

/// From |x| = 4 on the value is that at 4, farther from erf(x) than quick_estimate.h allows. It will do:
/// erf(x) lies between erf(4) > 1 - 2^-25.9 and 1, so both are above 1 - 2^-25 and round to 1.
template <typename MultiplyAdd>
RPT_HD QuickEstimate erf_quick_estimate(float x) {
  const float size = magnitude(x);
  const double z = static_cast<double>(at_most(size, 4.0f));
  const double u = MultiplyAdd::of(z * z, kQuickErfScale, -1.0);
  return {z * erf_over_z_quickly<MultiplyAdd>(u), sign_bit(x),
          is_zero_or_at_least(size, kQuickNormalLeast)};
}

/// v = 1 / (a + 5), u of the header comment, and e^(-a^2/2).
struct QuickTail {
  double v;
  double u;
  double gaussian;
};
template <typename MultiplyAdd>
RPT_HD QuickTail quick_tail(double a) {
  const double v = 1.0 / (a + 5.0);
  return {v, MultiplyAdd::of(v, kQuickTailScale, -kQuickTailOffset),
          quick_exp<MultiplyAdd>((-0.5 * a) * a)};
}

template <typename MultiplyAdd>
RPT_HD QuickEstimate gelu_quick_estimate(float x) {
  const float size = magnitude(x);
  const double a = static_cast<double>(at_most(size, kQuickNormalReach));
  const QuickTail tail = quick_tail<MultiplyAdd>(a);
  const double density = scaled_mills_quickly<MultiplyAdd>(tail.u) * tail.v;
  const double value =
      MultiplyAdd::of(-a * tail.gaussian, density, static_cast<double>(at_least(x, 0.0f)));
  const bool is_in_reach = (x >= -kQuickNormalReach) & (x < infinity());
  const bool is_normal = is_zero_or_at_least(size, kQuickNormalLeast);
  const bool is_known = is_in_reach & is_normal;
  return {value, sign_bit(x), is_known};
}

template <typename MultiplyAdd>
RPT_HD QuickEstimate gelu_derivative_quick_estimate(float x) {
  const double a = static_cast<double>(at_most(magnitude(x), kQuickNormalReach));
  const QuickTail tail = quick_tail<MultiplyAdd>(a);
  const double distance = (kQuickGeluZeroHigh - a) + kQuickGeluZeroLow;
  const double d = (distance * tail.gaussian) * gelu_slope_quickly<MultiplyAdd>(tail.u);
  const double sign = static_cast<double>(times_sign_of(x, 1.0f));
  return {MultiplyAdd::of(-sign, d, MultiplyAdd::of(sign, 0.5, 0.5)), 0u, x >= -kQuickNormalReach};
}

}  // namespace reprotrain::kernels::rounded
