// SPDX-License-Identifier: Apache-2.0
// What tensor cores make of binary32.
#pragma once

#include "kernels/base/float_bits.h"

/// The nearest number with 10 bits of fraction, ties to even.
inline float rounded_to_tf32(float value) {
  using namespace reprotrain::kernels;
  const uint32_t bits = bits_of(value);
  return float_from_bits((bits + 0xfffu + ((bits >> 13) & 1u)) & ~0x1fffu);
}
