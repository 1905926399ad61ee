// SPDX-License-Identifier: Apache-2.0
// How a correctly rounded function is put together: an estimate, a test, a decision.
//
// A function is a struct F with three static members (exponential.h has the first ones):
//   Estimate estimate(float x)       |value - f(x)| <= error, or NaN where it does not know;
//                                    binary64 without branches, so that loops vectorise
//   bool special(float x, float& y)  arguments whose result is a rule: infinities, poles, zeros
//   DoubleDouble accurate(float x)   f(x) within 2^-75 of its size, for every other argument
//   and, for a try before the estimate, quick_estimate (quick_estimate.h) and estimate_in_pairs
//   (pair_estimate.h), which first_estimate.h puts to use.
// Determinism: the result is the real value f(x) rounded once to nearest even. Rounding is
//   monotonic: where both ends of the estimate's interval round to one float, that float is the
//   result; else the accurate value decides. Which way was taken never shows in the bits.
// Why 2^-75: no value is closer to a rounding boundary than 2^-64 of its size, but for ties
//   that a tiny last term breaks (1/2 + x/4 - ..., 1 + x + ..., x/2 + ...), where hi + lo holds
//   the tie in hi and the term in lo. Results are checked on all arguments, but for gelu and its
//   derivative not yet on all of them: docs/exhaustive-report.md.
#pragma once

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"
#include "kernels/elementwise/double_double.h"

namespace reprotrain::kernels::rounded {

/// A real number somewhere in [value - error, value + error].
struct Estimate {
  double value;
  double error;
};

/// |x|, +0 for -0.
RPT_HD double magnitude(double x) { return double_from_bits(bits_of(x) & 0x7fffffffffffffffull); }

/// `value` with a bound on its relative error. The error of -0 is +0: -0 - +0 is -0.
RPT_HD Estimate estimate_within(double value, double relative_error) {
  return {value, magnitude(value) * relative_error};
}

/// The two ends of an estimate, each rounded to binary32.
struct RoundedInterval {
  float low;
  float high;
  /// False as well when an end is NaN.
  RPT_HD bool is_one_float() const { return low == high; }
};
RPT_HD RoundedInterval rounded_interval(Estimate e) {
  return {static_cast<float>(e.value - e.error), static_cast<float>(e.value + e.error)};
}

/// condition ? a : b, both evaluated: by bits, because compilers turn `?:` into jumps around the
/// work that a vector loop must do anyway, and then do not vectorise.
RPT_HD double chosen(bool condition, double a, double b) {
  const uint64_t mask = 0u - static_cast<uint64_t>(condition);
  return double_from_bits((bits_of(a) & mask) | (bits_of(b) & ~mask));
}

/// max(low, min(high, x)); NaN stays NaN.
RPT_HD double clamped(double x, double low, double high) {
  const double raised = chosen(x < low, low, x);
  return chosen(raised > high, high, raised);
}

/// `magnitude`, which is not negative, with the sign bit of `sign`.
RPT_HD double with_sign_of(double sign, double magnitude) {
  return double_from_bits(bits_of(magnitude) | (bits_of(sign) & 0x8000000000000000ull));
}

RPT_HD float canonical_nan() { return float_from_bits(0x7fc00000u); }
RPT_HD float infinity() { return float_from_bits(0x7f800000u); }

/// f(x) where the estimate did not settle it.
template <typename F>
RPT_HD_RARE float decided(float x) {
  if (is_nan(x)) return canonical_nan();
  float y = 0.0f;
  if (F::special(x, y)) return y;
  return round_to_float(F::accurate(x));
}

/// f(x), correctly rounded.
template <typename F>
RPT_HD float correctly_rounded(float x) {
  const RoundedInterval y = rounded_interval(F::estimate(x));
  return y.is_one_float() ? y.low : decided<F>(x);
}

}  // namespace reprotrain::kernels::rounded
