// SPDX-License-Identifier: Apache-2.0
// ln x and ln(1 + x), quickly in binary64.
//
// u = 2^k m with m in [sqrt(1/2), sqrt(2)), f = m - 1, s = f / (2 + f), ln u = k ln 2 + s P(s^2).
//   ln(1 + x): k from 1 + x rounded to binary32, f = 2^-k x + (2^-k - 1), which is x where k = 0.
// Error: f is exact, or within 2^-52 where k != 0; s within 2^-46; P within 2^-37.7; where k != 0,
//   |s P| <= 0.3466 <= |ln u|. Below 2^-37.6.
// See also: quick_estimate.h; logarithm.h, all the digits of binary64.
#pragma once

#include "kernels/elementwise/elementary_quick_table.h"
#include "kernels/elementwise/float_choices.h"
#include "kernels/elementwise/float_significand.h"
#include "kernels/elementwise/quick_estimate.h"

namespace reprotrain::kernels::rounded {

/// ln(2^k (1 + f)) for 1 + f in [sqrt(1/2), sqrt(2)), give or take 2^-24.
template <typename MultiplyAdd>
RPT_HD double quick_log_of_parts(double k, double f) {
  const double s = f / (2.0 + f);
  return MultiplyAdd::of(k, kQuickLn2, s * twice_atanh_series_quickly<MultiplyAdd>(s * s));
}

template <typename MultiplyAdd>
RPT_HD QuickEstimate log_quick_estimate(float x) {
  const FloatSignificand parts = decomposed(x);
  const double value = quick_log_of_parts<MultiplyAdd>(static_cast<double>(parts.k),
                                                       static_cast<double>(parts.m - 1.0f));
  const bool is_known = (x >= 0x1p-126f) & (x < infinity());
  return {value, 0u, is_known};
}

template <typename MultiplyAdd>
RPT_HD QuickEstimate log1p_quick_estimate(float x) {
  const FloatSignificand parts = decomposed(1.0f + x);
  const double inverse_power = static_cast<double>(parts.inverse_power);
  const double f = MultiplyAdd::of(static_cast<double>(x), inverse_power, inverse_power - 1.0);
  const bool is_known = (x > -1.0f) & (x < 0x1p126f);
  return {quick_log_of_parts<MultiplyAdd>(static_cast<double>(parts.k), f), sign_bit(x), is_known};
}

}  // namespace reprotrain::kernels::rounded
