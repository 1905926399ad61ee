// SPDX-License-Identifier: Apache-2.0
// A binary32 number taken apart for its logarithm.
// See also: pair_logarithm.h, quick_logarithm.h; logarithm.h, the same for binary64.
#pragma once

#include <cstdint>

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"

namespace reprotrain::kernels::rounded {

/// u = 2^k m, u positive, finite and normal, m in [sqrt(1/2), sqrt(2)).
struct FloatSignificand {
  float k;
  float m;
  /// 2^-k; 0 for k = 127.
  float inverse_power;
};
RPT_HD FloatSignificand decomposed(float u) {
  constexpr uint32_t kOne = 0x3f800000u;
  constexpr uint32_t kSqrtHalf = 0x3f3504f3u;
  const uint32_t bits = bits_of(u);
  const uint32_t biased = (bits + (kOne - kSqrtHalf)) >> 23;  // k + 127
  // An integer below 2^23, put into the significand of 2^23, is 2^23 + that integer.
  const float k = float_from_bits(0x4b000000u | biased) - (0x1p23f + 127.0f);
  return {k, float_from_bits(bits - (biased << 23) + kOne), float_from_bits((254u - biased) << 23)};
}

}  // namespace reprotrain::kernels::rounded
