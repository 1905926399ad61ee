// SPDX-License-Identifier: Apache-2.0
// Bit patterns of binary32 and binary64, and the one NaN that is ever stored or hashed.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/base/hd.h"

namespace reprotrain::kernels {

RPT_HD uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}
RPT_HD uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}
RPT_HD float float_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
RPT_HD double double_from_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

RPT_HD bool is_nan(float value) { return (bits_of(value) & 0x7fffffffu) > 0x7f800000u; }
RPT_HD bool is_nan(double value) {
  return (bits_of(value) & 0x7fffffffffffffffull) > 0x7ff0000000000000ull;
}
RPT_HD bool is_finite(float value) { return (bits_of(value) & 0x7f800000u) != 0x7f800000u; }
RPT_HD bool is_finite(double value) {
  return (bits_of(value) & 0x7ff0000000000000ull) != 0x7ff0000000000000ull;
}

/// The canonical quiet NaN: payloads and signs of NaNs differ between processors, so every NaN
/// becomes this one before it is stored or hashed.
RPT_HD float canonical(float value) { return is_nan(value) ? float_from_bits(0x7fc00000u) : value; }
RPT_HD double canonical(double value) {
  return is_nan(value) ? double_from_bits(0x7ff8000000000000ull) : value;
}

/// Maps a float to an integer whose order is the total order -NaN < -inf < ... < -0 < +0 < ... <
/// inf < NaN. Stable sorts use (this key, index).
RPT_HD uint32_t total_order_key(float value) {
  const uint32_t bits = bits_of(canonical(value));
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

/// Inverse of total_order_key, but for a NaN's payload.
RPT_HD float value_of_key(uint32_t key) {
  return float_from_bits((key & 0x80000000u) != 0 ? key & 0x7fffffffu : ~key);
}

}  // namespace reprotrain::kernels
