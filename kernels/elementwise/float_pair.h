// SPDX-License-Identifier: Apache-2.0
// Unevaluated sums hi + lo of two binary32 numbers: about 40 bits, without any binary64.
//
// `Fma` names the fma in use: FmaOnAnyMachine, or a struct like it of an instruction that is there.
// Why: a GPU with one binary64 unit for 32 or 64 binary32 units estimates an elementary function
//   in pairs (expected to be faster there; not measured).
// Requires: round to nearest even. Errors are stated without underflow; who uses them adds an
//   absolute 2^-140 (pair_estimate.h).
// Reference: T. J. Dekker (1971); M. Joldes, J.-M. Muller, V. Popescu, "Tight and rigorous error
//   bounds for basic building blocks of double-word arithmetic", ACM TOMS 44, 2017.
#pragma once

#include "kernels/base/exact_fma.h"
#include "kernels/base/hd.h"

namespace reprotrain::kernels::rounded {

/// The correctly rounded fma, whatever the processor has.
struct FmaOnAnyMachine {
  static RPT_HD float of(float a, float b, float c) { return exact_fma(a, b, c); }
};

/// The real number hi + lo; |lo| is below 2^-21 |hi|, not always half a unit in the last place.
struct FloatPair {
  float hi;
  float lo;

  RPT_HD FloatPair(float high, float low) : hi(high), lo(low) {}
  // Written out, so that a pair is returned by address: clang would put it into one register of
  // two numbers, and could then not vectorise the loop around it.
  RPT_HD FloatPair(const FloatPair& other) : hi(other.hi), lo(other.lo) {}
  RPT_HD FloatPair& operator=(const FloatPair& other) {
    hi = other.hi;
    lo = other.lo;
    return *this;
  }
};

/// a + b exactly, for |a| >= |b| or a = 0.
RPT_HD FloatPair quick_two_sum(float a, float b) {
  const float sum = a + b;
  return {sum, b - (sum - a)};
}

/// a + b exactly.
RPT_HD FloatPair two_sum(float a, float b) {
  const float sum = a + b;
  const float b_part = sum - a;
  return {sum, (a - (sum - b_part)) + (b - b_part)};
}

/// a * b exactly.
template <typename Fma>
RPT_HD FloatPair two_product(float a, float b) {
  const float product = a * b;
  return {product, Fma::of(a, b, -product)};
}

/// a + b for |a| >= |b.hi| or a = 0, relative error below 2^-40 like all below.
RPT_HD FloatPair quick_add(float a, FloatPair b) {
  const FloatPair sum = quick_two_sum(a, b.hi);
  return {sum.hi, sum.lo + b.lo};
}
RPT_HD FloatPair quick_add(FloatPair a, FloatPair b) {
  const FloatPair sum = quick_two_sum(a.hi, b.hi);
  return {sum.hi, sum.lo + (a.lo + b.lo)};
}

template <typename Fma>
RPT_HD FloatPair multiply(FloatPair a, float b) {
  const FloatPair product = two_product<Fma>(a.hi, b);
  return {product.hi, Fma::of(a.lo, b, product.lo)};
}
template <typename Fma>
RPT_HD FloatPair multiply(FloatPair a, FloatPair b) {
  const FloatPair product = two_product<Fma>(a.hi, b.hi);
  return {product.hi, Fma::of(a.hi, b.lo, Fma::of(a.lo, b.hi, product.lo))};
}

/// 1 / a.
template <typename Fma>
RPT_HD FloatPair reciprocal(FloatPair a) {
  const float first = 1.0f / a.hi;
  const float rest = Fma::of(-first, a.lo, Fma::of(-first, a.hi, 1.0f));
  return {first, rest * first};
}

/// a / b.
template <typename Fma>
RPT_HD FloatPair divide(FloatPair a, FloatPair b) {
  const float inverse = 1.0f / b.hi;
  const float first = a.hi * inverse;
  const float rest = Fma::of(-first, b.hi, a.hi) + Fma::of(-first, b.lo, a.lo);
  return {first, rest * inverse};
}

/// Scales by a power of two.
RPT_HD FloatPair scale(FloatPair a, float power_of_two) {
  return {a.hi * power_of_two, a.lo * power_of_two};
}

/// c0 + x * (c1 + x * (c2 + ...)) in binary32, one rounding per step.
template <typename Fma>
RPT_HD float fused_horner(float /*x*/, float c0) {
  return c0;
}
template <typename Fma, typename... Coefficients>
RPT_HD float fused_horner(float x, float c0, Coefficients... higher) {
  return Fma::of(x, fused_horner<Fma>(x, higher...), c0);
}

/// c0 + x * (c1 + x * (... + x * rest)): leading coefficients in pairs (or exact in one binary32), a
/// small rest in binary32; each coefficient at least as large as x times all that follows it, or a
/// multiple of its last place.
template <typename Fma>
RPT_HD FloatPair pair_horner(float x, float rest, FloatPair c0) {
  return quick_two_sum(c0.hi, Fma::of(x, rest, c0.lo));
}
template <typename Fma>
RPT_HD FloatPair pair_horner(FloatPair x, float rest, FloatPair c0) {
  return quick_two_sum(c0.hi, Fma::of(x.hi, rest, Fma::of(x.lo, rest, c0.lo)));
}
template <typename Fma, typename Argument, typename Coefficient, typename... Coefficients>
RPT_HD FloatPair pair_horner(Argument x, float rest, Coefficient c0, FloatPair c1,
                             Coefficients... higher) {
  return quick_add(c0, multiply<Fma>(pair_horner<Fma>(x, rest, c1, higher...), x));
}
template <typename Fma, typename Argument, typename Coefficient, typename... Coefficients>
RPT_HD FloatPair pair_horner(Argument x, float rest, Coefficient c0, float c1,
                             Coefficients... higher) {
  return quick_add(c0, multiply<Fma>(pair_horner<Fma>(x, rest, c1, higher...), x));
}

}  // namespace reprotrain::kernels::rounded
