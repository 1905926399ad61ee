// SPDX-License-Identifier: Apache-2.0
// The logistic function 1 / (1 + e^-x) and tanh x = (e^2x - 1) / (e^2x + 1).
//
// Estimate: sigmoid = 1 / (1 + e^-x); tanh = t / (t + 2) with t = e^(2|x|) - 1, sign put back.
// Error: e^x is within 2^-50 and e^x - 1 within 2^-49; sum and quotient round once each, and
//   nothing cancels. Below 2^-48; 2^-47 is claimed.
// Accurate: the same formulas in double-double.
#pragma once

#include "kernels/elementwise/exponential.h"

namespace reprotrain::kernels::rounded {

struct Sigmoid {
  RPT_HD static Estimate estimate(float x) {
    const double argument = clamped(static_cast<double>(x), -110.0, 110.0);
    return estimate_within(1.0 / (1.0 + fast_exp(-argument)), 0x1p-47);
  }
  template <typename MultiplyAdd>
  RPT_HD static QuickEstimate quick_estimate(float x) {
    return sigmoid_quick_estimate<MultiplyAdd>(x);
  }
  template <typename Fma>
  RPT_HD static PairEstimate estimate_in_pairs(float x) {
    return sigmoid_estimate_in_pairs<Fma>(x);
  }
  RPT_HD static bool special(float /*x*/, float& /*y*/) { return false; }
  RPT_HD static DoubleDouble accurate(float x) {
    const double argument = clamped(static_cast<double>(x), -110.0, 110.0);
    return divide(DoubleDouble{1.0, 0.0}, add(accurate_exp(-argument), 1.0));
  }
};

struct Tanh {
  /// From here on tanh rounds to 1.
  static constexpr double kSaturation = 22.0;

  RPT_HD static Estimate estimate(float x) {
    const double argument = static_cast<double>(x);
    const double t = fast_expm1(2.0 * clamped(magnitude(argument), 0.0, kSaturation));
    return estimate_within(with_sign_of(argument, t / (t + 2.0)), 0x1p-47);
  }
  template <typename MultiplyAdd>
  RPT_HD static QuickEstimate quick_estimate(float x) {
    return tanh_quick_estimate<MultiplyAdd>(x);
  }
  template <typename Fma>
  RPT_HD static PairEstimate estimate_in_pairs(float x) {
    return tanh_estimate_in_pairs<Fma>(x);
  }
  RPT_HD static bool special(float x, float& y) {
    y = x;
    return x == 0.0f;
  }
  RPT_HD static DoubleDouble accurate(float x) {
    const DoubleDouble t =
        accurate_expm1(2.0 * clamped(static_cast<double>(x), -kSaturation, kSaturation));
    return divide(t, add(t, 2.0));
  }
};

}  // namespace reprotrain::kernels::rounded
