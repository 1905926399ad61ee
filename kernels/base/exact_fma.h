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

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"

namespace reprotrain::kernels {

/// The software route of exact_fma, on any machine. Branch-free, so that loops over it vectorise.
RPT_HD float emulated_fma(float a, float b, float c) {
  const double product = static_cast<double>(a) * static_cast<double>(b);
  const double addend = static_cast<double>(c);
  const double sum = product + addend;
  // TwoSum: sum + error == product + addend, exactly. All-finite unless an input is not.
  const double addend_part = sum - product;
  const double error = (product - (sum - addend_part)) + (addend - addend_part);
  // Round to odd: cut towards zero, then make the last bit sticky. 53 >= 24 + 2 bits make the
  // second rounding harmless, subnormal results included. A NaN error (non-finite inputs) fails
  // both tests.
  const uint64_t bits = bits_of(sum);
  const uint64_t inexact = static_cast<uint64_t>((error > 0.0) | (error < 0.0));
  const uint64_t inwards = static_cast<uint64_t>((error < 0.0) != (sum < 0.0)) & inexact;
  return static_cast<float>(double_from_bits((bits - inwards) | inexact));
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
