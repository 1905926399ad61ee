// SPDX-License-Identifier: Apache-2.0
// Choices between binary32 numbers and changes of their signs, by bits.
//
// Why: compilers turn `?:` into jumps around the work that a vector loop must do anyway, and then do
//   not vectorise.
// See also: estimate.h, the same for binary64.
#pragma once

#include <cstdint>

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"

namespace reprotrain::kernels::rounded {

/// condition ? a : b, both evaluated.
RPT_HD float chosen(bool condition, float a, float b) {
  const uint32_t mask = 0u - static_cast<uint32_t>(condition);
  return float_from_bits((bits_of(a) & mask) | (bits_of(b) & ~mask));
}

/// condition ? +0 : x.
RPT_HD float zero_where(bool condition, float x) {
  return float_from_bits(bits_of(x) & (static_cast<uint32_t>(condition) - 1u));
}

/// max(x, low) and min(x, high); NaN stays NaN.
RPT_HD float at_least(float x, float low) { return chosen(x < low, low, x); }
RPT_HD float at_most(float x, float high) { return chosen(x > high, high, x); }

/// |x|, +0 for -0.
RPT_HD float magnitude(float x) { return float_from_bits(bits_of(x) & 0x7fffffffu); }

/// The sign bit of x in its place.
RPT_HD uint32_t sign_bit(float x) { return bits_of(x) & 0x80000000u; }

/// value, negated where `sign` is negative.
RPT_HD float times_sign_of(float sign, float value) {
  return float_from_bits(bits_of(value) ^ sign_bit(sign));
}

}  // namespace reprotrain::kernels::rounded
