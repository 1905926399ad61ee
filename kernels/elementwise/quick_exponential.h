// SPDX-License-Identifier: Apache-2.0
// e^x, e^x - 1 and the logistic functions made of them, quickly in binary64.
//
// k = nearest integer to x / ln 2, r = x - k ln 2, |r| <= 0.34661; e^x = 2^k (1 + tail), tail =
//   r Q(r), e^x - 1 = (2^k - 1) + 2^k tail; sigmoid = 1 / (1 + e^-x); tanh = t / (t + 2) with t =
//   e^(2|x|) - 1.
// Error: k ln 2 is within 2^-46 for |x| <= 90; Q within 2^-37.5. In e^x and the sigmoid the tail
//   is at most 0.415 of the value: 2^-38.7. In e^x - 1 an error of 0.586 * 2^-37.5 stands against
//   a value of 0.414 (k = 1, r = -0.3466): 2^-37; t / (t + 2) does not enlarge it.
// See also: quick_estimate.h; exponential.h, all the digits of binary64.
#pragma once

#include "kernels/elementwise/elementary_quick_table.h"
#include "kernels/elementwise/float_choices.h"
#include "kernels/elementwise/quick_estimate.h"

namespace reprotrain::kernels::rounded {

/// x = k ln 2 + r; k stands in the low 12 bits of k_bits.
struct QuickReduction {
  uint64_t k_bits;
  double r;
};

/// For |x| <= 100.
template <typename MultiplyAdd>
RPT_HD QuickReduction quick_reduction(double x) {
  constexpr double kToInteger = 0x1.8p52;  // adding it leaves the integer in the low bits
  const double shifted = MultiplyAdd::of(x, kQuickReciprocalLn2, kToInteger);
  const double k = shifted - kToInteger;
  return {bits_of(shifted), MultiplyAdd::of(-k, kQuickLn2, x)};
}

/// e^x for |x| <= 100.
template <typename MultiplyAdd>
RPT_HD double quick_exp(double x) {
  const QuickReduction reduced = quick_reduction<MultiplyAdd>(x);
  const double r = reduced.r;
  const double fraction = MultiplyAdd::of(expm1_over_r_quickly<MultiplyAdd>(r), r, 1.0);
  return double_from_bits(bits_of(fraction) + (reduced.k_bits << 52));
}

/// e^x - 1 for |x| <= 100.
template <typename MultiplyAdd>
RPT_HD double quick_expm1(double x) {
  const QuickReduction reduced = quick_reduction<MultiplyAdd>(x);
  const double power = double_from_bits((reduced.k_bits + 1023u) << 52);
  const double tail = expm1_over_r_quickly<MultiplyAdd>(reduced.r) * reduced.r;
  return MultiplyAdd::of(power, tail, power - 1.0);
}

/// Known where e^x is between 2^-126 and 2^127.
template <typename MultiplyAdd>
RPT_HD QuickEstimate exp_quick_estimate(float x) {
  return {quick_exp<MultiplyAdd>(static_cast<double>(x)), 0u, magnitude(x) <= 87.0f};
}

template <typename MultiplyAdd>
RPT_HD QuickEstimate expm1_quick_estimate(float x) {
  return {quick_expm1<MultiplyAdd>(static_cast<double>(x)), sign_bit(x), magnitude(x) <= 87.0f};
}

template <typename MultiplyAdd>
RPT_HD QuickEstimate sigmoid_quick_estimate(float x) {
  const double exponential = quick_exp<MultiplyAdd>(static_cast<double>(-x));
  return {1.0 / (1.0 + exponential), 0u, magnitude(x) <= 87.0f};
}

/// From |x| = 15 on the value is 1 less 2^-42 and less.
template <typename MultiplyAdd>
RPT_HD QuickEstimate tanh_quick_estimate(float x) {
  const float argument = 2.0f * at_most(magnitude(x), 15.0f);
  const double t = quick_expm1<MultiplyAdd>(static_cast<double>(argument));
  return {t / (t + 2.0), sign_bit(x), argument <= 30.0f};
}

}  // namespace reprotrain::kernels::rounded
