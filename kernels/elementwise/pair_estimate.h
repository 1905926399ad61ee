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
// Determinism: the result is the definition, so EstimateIn never shows in the bits; on a
//   GPU estimate_cuda.h chooses it by the ratio of binary64 to binary32 speed.
#pragma once

#include "kernels/elementwise/estimate.h"
#include "kernels/elementwise/float_pair.h"
#include "kernels/elementwise/quick_estimate.h"

namespace reprotrain::kernels::rounded {

/// The arithmetic of the first estimate.
enum class EstimateIn {
  kBinary64,      ///< quick_estimate.h: right for CPUs, and GPUs of the data centre (1:2)
  kBinary32Pair,  ///< right for GPUs with slow binary64 (1:32, 1:64)
};

/// A real number somewhere in [hi + lo - error, hi + lo + error].
struct PairEstimate {
  float hi;
  float lo;
  float error;
};

/// condition ? a : b, both evaluated.
RPT_HD float chosen(bool condition, float a, float b) {
  const uint32_t mask = 0u - static_cast<uint32_t>(condition);
  return float_from_bits((bits_of(a) & mask) | (bits_of(b) & ~mask));
}
RPT_HD FloatPair chosen(bool condition, FloatPair a, FloatPair b) {
  return {chosen(condition, a.hi, b.hi), chosen(condition, a.lo, b.lo)};
}

/// |x|, +0 for -0.
RPT_HD float magnitude(float x) { return float_from_bits(bits_of(x) & 0x7fffffffu); }

/// max(x, low) and min(x, high); NaN stays NaN.
RPT_HD float at_least(float x, float low) { return chosen(x < low, low, x); }
RPT_HD float at_most(float x, float high) { return chosen(x > high, high, x); }

/// value, negated where `sign` is negative.
RPT_HD float times_sign_of(float sign, float value) {
  return float_from_bits(bits_of(value) ^ (bits_of(sign) & 0x80000000u));
}
RPT_HD FloatPair times_sign_of(float sign, FloatPair value) {
  return {times_sign_of(sign, value.hi), times_sign_of(sign, value.lo)};
}

/// What all binary32 underflows of an estimate add up to at most.
inline constexpr float kUnderflow = 0x1p-140f;

template <typename Fma>
RPT_HD PairEstimate pair_estimate_within(FloatPair value, float relative_error) {
  return {value.hi, value.lo, Fma::of(magnitude(value.hi), relative_error, kUnderflow)};
}

/// condition ? +0 : x.
RPT_HD float zero_where(bool condition, float x) {
  return float_from_bits(bits_of(x) & (static_cast<uint32_t>(condition) - 1u));
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

/// f(x) where the first estimate did not settle it.
template <typename F>
RPT_HD_RARE float decided_from_binary64(float x) {
  return correctly_rounded<F>(x);
}

/// f(x), correctly rounded, with the first estimate in the arithmetic of choice.
template <typename F, EstimateIn kEstimate>
RPT_HD float correctly_rounded_by(float x) {
  if constexpr (kEstimate == EstimateIn::kBinary64) {
    const QuickEstimate e = F::template quick_estimate<AnyMultiplyAdd>(x);
    return e.is_decided() ? e.rounded() : decided_from_binary64<F>(x);
  } else {
    const RoundedInterval y = rounded_interval(F::template estimate_in_pairs<FmaOnAnyMachine>(x));
    return y.is_one_float() ? y.low : decided_from_binary64<F>(x);
  }
}

}  // namespace reprotrain::kernels::rounded
