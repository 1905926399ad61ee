// SPDX-License-Identifier: Apache-2.0
// Estimates in binary32 pairs: a first try before the binary64 estimate of estimate.h.
//
// A function that has one is a struct F with one more static member, for any `Fma` of float_pair.h:
//   PairEstimate estimate_in_pairs<Fma>(float x)    |hi + lo - f(x)| <= error, or NaN in `hi`
// Test: hi - (error - lo) and hi + (error + lo), the inner sums rounded (2^-24 of 2^-21 of hi at most:
//   the errors claimed have room for it), the outer ones rounded to nearest: where both give one
//   float, so does f(x). With lo = error = +0 the first is hi, -0 included.
// Underflow: every error claimed includes 2^-140, more than all binary32 underflows of an estimate
//   together. Small results are therefore left undecided by themselves.
// Determinism: the result is the definition, so the estimate never shows in the bits.
// See also: first_estimate.h, where it is put to use; quick_estimate.h, the same for fast binary64.
#pragma once

#include "kernels/elementwise/estimate.h"
#include "kernels/elementwise/float_choices.h"
#include "kernels/elementwise/float_pair.h"

namespace reprotrain::kernels::rounded {

/// A real number somewhere in [hi + lo - error, hi + lo + error].
struct PairEstimate {
  float hi;
  float lo;
  float error;
};

/// condition ? a : b, both evaluated.
RPT_HD FloatPair chosen(bool condition, FloatPair a, FloatPair b) {
  return {chosen(condition, a.hi, b.hi), chosen(condition, a.lo, b.lo)};
}

/// value, negated where `sign` is negative.
RPT_HD FloatPair times_sign_of(float sign, FloatPair value) {
  return {times_sign_of(sign, value.hi), times_sign_of(sign, value.lo)};
}

/// What all binary32 underflows of an estimate add up to at most.
inline constexpr float kUnderflow = 0x1p-140f;

template <typename Fma>
RPT_HD PairEstimate pair_estimate_within(FloatPair value, float relative_error) {
  return {value.hi, value.lo, Fma::of(magnitude(value.hi), relative_error, kUnderflow)};
}

/// `otherwise`; but where `condition` holds, f(x) is known to round to `value`, or, with a NaN, is
/// not known.
RPT_HD PairEstimate ruled_where(bool condition, float value, PairEstimate otherwise) {
  return {chosen(condition, value, otherwise.hi), zero_where(condition, otherwise.lo),
          zero_where(condition, otherwise.error)};
}

RPT_HD RoundedInterval rounded_interval(PairEstimate e) {
  return {e.hi - (e.error - e.lo), e.hi + (e.error + e.lo)};
}

}  // namespace reprotrain::kernels::rounded
