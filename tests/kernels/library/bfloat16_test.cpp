// SPDX-License-Identifier: Apache-2.0
#include "kernels/library/bfloat16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace reprotrain::kernels {
namespace {

TEST(Bfloat16, KeepsEveryBfloat16ButForNaN) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = from_bfloat16(static_cast<uint16_t>(bits));
    EXPECT_EQ(to_bfloat16(value), std::isnan(value) ? 0x7fc0u : bits) << bits;
  }
}

TEST(Bfloat16, RoundsToTheNearestAndTiesToEven) {
  constexpr uint32_t kLargest = 0x7f7f;
  for (uint32_t sign : {0x0000u, 0x8000u}) {
    for (uint32_t low = 0; low <= kLargest; ++low) {
      const uint32_t below = (sign | low) << 16;
      const auto here = static_cast<uint16_t>(sign | low), next = static_cast<uint16_t>(here + 1);
      const uint16_t even = (low & 1u) == 0 ? here : next;
      EXPECT_EQ(to_bfloat16(float_from_bits(below | 0x7fffu)), here) << below;
      EXPECT_EQ(to_bfloat16(float_from_bits(below | 0x8000u)), even) << below;
      EXPECT_EQ(to_bfloat16(float_from_bits(below | 0x8001u)), next) << below;
    }
  }
  EXPECT_EQ(to_bfloat16(std::numeric_limits<float>::max()), 0x7f80u);  // infinity
}

}  // namespace
}  // namespace reprotrain::kernels
