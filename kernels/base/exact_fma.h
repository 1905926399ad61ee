// SPDX-License-Identifier: Apache-2.0
// fma(a, b, c) of binary32 with one rounding, on every machine.
//
//   hardware fma known to the compiler: that instruction; otherwise:
//   p     = a * b             binary64, exact: 48 bits
//   s + e = p + c             exactly (TwoSum)
//   fma   = f32(odd(s, e))    s rounded to odd by the sign of e, then once to binary32
//
// Why: x86-64 without FMA must give the bits of every other machine, and a libm `fmaf` call
// cannot be vectorised nor relied upon.
// Determinism: a pure function; payload and sign of a NaN result are free.
// Reference: S. Boldo, G. Melquiond, "Emulation of a FMA and correctly rounded sums", IEEE TC 57,
// 2008.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/base/hd.h"

namespace reprotrain::kernels {

/// All bits set where a comparison holds: of one number, or (as the compiler has it) of a vector.
RPT_HD int64_t lanes_where(bool holds) { return -static_cast<int64_t>(holds); }
template <class Lanes>
RPT_HD Lanes lanes_where(Lanes lanes) {
  return lanes;
}

/// odd(s, e) of s + e = a * b + c for a, b, c that are binary32 numbers; `Double` is double or a
/// vector of them, `Bits` the signed integers of that size. Branch-free.
template <class Double, class Bits>
RPT_HD Double fused_to_odd(Double a, Double b, Double c) {
  const Double product = a * b;
  const Double sum = product + c;
  // TwoSum: sum + error == product + c, exactly. All-finite unless an input is not.
  const Double addend_part = sum - product;
  const Double error = (product - (sum - addend_part)) + (c - addend_part);
  // Round to odd: cut towards zero, then make the last bit sticky. 53 >= 24 + 2 bits make the
  // second rounding harmless, subnormal results included. A NaN error (non-finite inputs) fails
  // both tests.
  const Bits below = lanes_where(error < 0.0);
  const Bits inexact = lanes_where(error > 0.0) | below;
  const Bits inwards = (below ^ lanes_where(sum < 0.0)) & inexact;
  Bits bits;
  memcpy(&bits, &sum, sizeof bits);
  bits = (bits + inwards) | (inexact & 1);
  Double odd;
  memcpy(&odd, &bits, sizeof odd);
  return odd;
}

/// The software route of exact_fma, on any machine.
RPT_HD float emulated_fma(float a, float b, float c) {
  return static_cast<float>(fused_to_odd<double, int64_t>(
      static_cast<double>(a), static_cast<double>(b), static_cast<double>(c)));
}

/// The correctly rounded a*b + c.
RPT_HD float exact_fma(float a, float b, float c) {
#if defined(__CUDA_ARCH__)
  return __fmaf_rn(a, b, c);
#elif defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  return emulated_fma(a, b, c);
#endif
}

}  // namespace reprotrain::kernels
