// SPDX-License-Identifier: Apache-2.0
// bfloat16: the upper half of a binary32.
#pragma once

#include <cstdint>

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"

namespace reprotrain::kernels {

/// The nearest bfloat16, ties to even; beyond the largest one infinity. Every NaN becomes one and the
/// same, 0x7fc0.
RPT_HD uint16_t to_bfloat16(float value) {
  const uint32_t bits = bits_of(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fc0u;
  const uint32_t round_up_from = 0x7fffu + ((bits >> 16) & 1u);
  return static_cast<uint16_t>((bits + round_up_from) >> 16);
}

RPT_HD float from_bfloat16(uint16_t bits) {
  return float_from_bits(static_cast<uint32_t>(bits) << 16);
}

}  // namespace reprotrain::kernels
