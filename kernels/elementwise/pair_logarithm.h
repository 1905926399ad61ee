// SPDX-License-Identifier: Apache-2.0
// ln x and ln(1 + x) in binary32 pairs.
//
// u = 2^k m with m in [sqrt(1/2), sqrt(2)), f = m - 1, s = f / (2 + f), ln u = k ln2 + 2 s A(s^2).
//   ln(1 + x): u = 1 + x exactly, as a pair; where k = 0, f is x itself.
// Error: A as stated beside its coefficients; each operation on pairs 2^-43; where k != 0,
//   |ln m| <= 0.3466 <= |ln u|. Below 2^-36.
// See also: logarithm.h, the same in binary64; pair_estimate.h.
#pragma once

#include "kernels/elementwise/elementary_pair_table.h"
#include "kernels/elementwise/float_significand.h"
#include "kernels/elementwise/pair_estimate.h"

namespace reprotrain::kernels::rounded {

/// ln(2^k (1 + f)) for 1 + f in [sqrt(1/2), sqrt(2)).
template <typename Fma>
RPT_HD FloatPair log_of_parts_in_pairs(float k, FloatPair f) {
  const FloatPair and_two = quick_add(2.0f, f);
  const FloatPair s = divide<Fma>(f, and_two);
  const FloatPair square = multiply<Fma>(s, s);
  const FloatPair log_m = multiply<Fma>(twice_atanh_series_in_pairs<Fma>(square), s);
  const FloatPair multiple = two_product<Fma>(k, kPairLn2High);
  return quick_add(FloatPair{multiple.hi, Fma::of(k, kPairLn2Low, multiple.lo)}, log_m);
}

/// Zero where x is 1, unknown for subnormal x.
template <typename Fma>
RPT_HD PairEstimate log_estimate_in_pairs(float x) {
  const FloatSignificand parts = decomposed(x);
  const FloatPair value = log_of_parts_in_pairs<Fma>(parts.k, {parts.m - 1.0f, 0.0f});
  const bool is_normal = (x >= 0x1p-126f) & (x < infinity());
  return ruled_where(!is_normal | (x == 1.0f), zero_where(is_normal, canonical_nan()),
                     pair_estimate_within<Fma>(value, 0x1.8p-36f));
}

template <typename Fma>
RPT_HD PairEstimate log1p_estimate_in_pairs(float x) {
  const FloatPair u = two_sum(1.0f, x);
  const FloatSignificand parts = decomposed(u.hi);
  const FloatPair f = chosen(parts.k == 0.0f, FloatPair{x, 0.0f},
                             FloatPair{parts.m - 1.0f, u.lo * parts.inverse_power});
  const FloatPair value = log_of_parts_in_pairs<Fma>(parts.k, f);
  const bool is_zero = x == 0.0f;
  return ruled_where(is_zero | !((x > -1.0f) & (x < 0x1p127f)), chosen(is_zero, x, canonical_nan()),
                     pair_estimate_within<Fma>(value, 0x1.8p-36f));
}

}  // namespace reprotrain::kernels::rounded
