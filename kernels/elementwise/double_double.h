// SPDX-License-Identifier: Apache-2.0
// Unevaluated sums hi + lo of two binary64 numbers: about 104 bits, from + - * / alone.
//
// Why: the accurate path of an elementary function must know the real value to about 2^-80
// before it may round it. No fma is used, so a processor without one runs the same steps.
// Requires: round to nearest even; magnitudes between 2^-400 and 2^400, so that no error term
// underflows and no split overflows.
// Reference: T. J. Dekker, "A floating-point technique for extending the available precision"
// (1971); D. E. Knuth, "The Art of Computer Programming", volume 2, section 4.2.2.
#pragma once

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"

namespace reprotrain::kernels::rounded {

/// The real number hi + lo, with |lo| at most half a unit in the last place of hi.
struct DoubleDouble {
  double hi;
  double lo;
};

/// a + b exactly, for |a| >= |b| or a = 0.
RPT_HD DoubleDouble quick_two_sum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

/// a + b exactly.
RPT_HD DoubleDouble two_sum(double a, double b) {
  const double sum = a + b;
  const double b_part = sum - a;
  return {sum, (a - (sum - b_part)) + (b - b_part)};
}

/// a as the sum of two numbers of at most 26 bits.
RPT_HD DoubleDouble split(double a) {
  const double scaled = 134217729.0 * a;  // 2^27 + 1
  const double high = scaled - (scaled - a);
  return {high, a - high};
}

/// a * b exactly.
RPT_HD DoubleDouble two_product(double a, double b) {
  const double product = a * b;
  const DoubleDouble sa = split(a);
  const DoubleDouble sb = split(b);
  const double error = ((sa.hi * sb.hi - product) + sa.hi * sb.lo + sa.lo * sb.hi) + sa.lo * sb.lo;
  return {product, error};
}

RPT_HD DoubleDouble negated(DoubleDouble a) { return {-a.hi, -a.lo}; }

/// Relative error below 3 * 2^-106, also where a and b cancel.
RPT_HD DoubleDouble add(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble high = two_sum(a.hi, b.hi);
  const DoubleDouble low = two_sum(a.lo, b.lo);
  const DoubleDouble partial = quick_two_sum(high.hi, high.lo + low.hi);
  return quick_two_sum(partial.hi, partial.lo + low.lo);
}
RPT_HD DoubleDouble add(DoubleDouble a, double b) { return add(a, DoubleDouble{b, 0.0}); }

/// Relative error below 7 * 2^-106.
RPT_HD DoubleDouble multiply(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble high = two_product(a.hi, b.hi);
  return quick_two_sum(high.hi, high.lo + (a.hi * b.lo + a.lo * b.hi));
}
RPT_HD DoubleDouble multiply(DoubleDouble a, double b) { return multiply(a, DoubleDouble{b, 0.0}); }

/// Relative error below 16 * 2^-106.
RPT_HD DoubleDouble divide(DoubleDouble a, DoubleDouble b) {
  const double first = a.hi / b.hi;
  const DoubleDouble rest = add(a, negated(multiply(b, first)));
  const double second = rest.hi / b.hi;
  const double third = add(rest, negated(multiply(b, second))).hi / b.hi;
  return add(quick_two_sum(first, second), third);
}
RPT_HD DoubleDouble divide(DoubleDouble a, double b) { return divide(a, DoubleDouble{b, 0.0}); }

/// Scales by a power of two, exactly.
RPT_HD DoubleDouble scale(DoubleDouble a, double power_of_two) {
  return {a.hi * power_of_two, a.lo * power_of_two};
}

/// hi + lo rounded once to binary32, subnormals and overflow included.
///
/// hi is first rounded to odd: where lo is not zero, an even last bit of hi moves one unit towards
/// lo. The 53-bit result is then never on a binary32 rounding boundary that hi + lo is not on, so
/// the conversion rounds it as it would round the exact sum.
RPT_HD float round_to_float(DoubleDouble a) {
  uint64_t bits = bits_of(a.hi);
  if (a.lo != 0.0 && (bits & 1u) == 0) {
    const bool away_from_zero = (a.lo > 0.0) == (a.hi > 0.0);
    bits = away_from_zero ? bits + 1 : bits - 1;
  }
  return static_cast<float>(double_from_bits(bits));
}

}  // namespace reprotrain::kernels::rounded
