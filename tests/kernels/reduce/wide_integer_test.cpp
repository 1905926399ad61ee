// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/wide_integer.h"

#include <gtest/gtest.h>

#include <limits>

#include "kernels/random/philox.h"

namespace reprotrain::kernels {
namespace {

WideInteger<4> wide(uint64_t high, uint64_t low) {
  return {{static_cast<uint32_t>(low), static_cast<uint32_t>(low >> 32),
           static_cast<uint32_t>(high), static_cast<uint32_t>(high >> 32)}};
}

TEST(WideInteger, RoundsTiesToEvenUnlessATailDecides) {
  const uint64_t even = uint64_t{1} << 53 | 2;  // 54 bits: ...01|0 with the round bit below
  EXPECT_EQ(rounded_to_binary64(false, wide(0, even | 1), 0), 0x1p53 + 4) << "tie, odd below";
  EXPECT_EQ(rounded_to_binary64(false, wide(0, (even | 1) - 2), 0), 0x1p53) << "tie, even below";
  EXPECT_EQ(rounded_to_binary64(false, wide(0, (even | 1) - 2), 0, true), 0x1p53 + 2) << "above";
  EXPECT_EQ(rounded_to_binary64(true, wide(0, (even | 1) - 2), 0, true), -0x1p53 - 2);
  EXPECT_EQ(rounded_to_binary64(false, wide(0, even), 0, true), 0x1p53 + 2) << "below the tie";
  EXPECT_EQ(rounded_to_binary32(false, wide(0, 0x1000001), 0), 0x1p24f);
  EXPECT_EQ(rounded_to_binary32(false, wide(0, 0x1000001), 0, true), 0x1p24f + 2.0f);
  EXPECT_EQ(rounded_to_binary32(false, wide(1, 0), -64), 1.0f);
}

TEST(WideInteger, RoundsOnceIntoTheSubnormalGrid) {
  // 1.5 units of 2^-149 plus a little: rounding to 24 bits first would lose the little.
  const WideInteger<4> m = wide(uint64_t{3} << 62, 1);
  EXPECT_EQ(rounded_to_binary32(false, m, -149 - 127), 0x1p-148f);
  EXPECT_EQ(rounded_to_binary32(false, wide(uint64_t{1} << 63, 0), -150 - 127), 0.0f);
  EXPECT_EQ(rounded_to_binary32(false, wide(uint64_t{1} << 63, 1), -150 - 127), 0x1p-149f);
  EXPECT_EQ(bits_of(rounded_to_binary32(true, wide(0, 1), -400)), 0x80000000u);
  EXPECT_EQ(rounded_to_binary32(false, wide(0, 0xffffff), -149), 0x1.fffffep-126f);
}

TEST(WideInteger, OverflowsToInfinityAtTheHalfwayPoint) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(rounded_to_binary32(false, wide(0, 0xffffff), 104), 0x1.fffffep127f);
  EXPECT_EQ(rounded_to_binary32(false, wide(0, 0x1fffffe), 103), 0x1.fffffep127f);
  EXPECT_EQ(rounded_to_binary32(false, wide(0, 0x1ffffff), 103), kInf);
  EXPECT_EQ(rounded_to_binary32(true, wide(0, 1), 128), -kInf);
  EXPECT_EQ(rounded_to_binary32(false, wide(0, 1), 5000), kInf);
}

TEST(WideInteger, DividesWhatItMultiplied) {
  for (uint64_t i = 0; i < 1000; ++i) {
    const RandomStream stream{1, 0, 0};
    const uint64_t a = random_key(stream, 3 * i) >> (i % 60);
    const uint64_t b = random_key(stream, 3 * i + 1) | 1;
    const uint64_t divisor = (random_key(stream, 3 * i + 2) >> (1 + i % 50)) | 1;
    const WideInteger<2> left{{static_cast<uint32_t>(a), static_cast<uint32_t>(a >> 32)}};
    const WideInteger<2> right{{static_cast<uint32_t>(b), static_cast<uint32_t>(b >> 32)}};
    const WideInteger<4> whole = product(left, right);
    EXPECT_EQ(whole.bits_from(0), a * b);
    WideInteger<4> quotient = whole;
    const uint64_t remainder = quotient.divide_by(divisor);
    EXPECT_LT(remainder, divisor);
    const WideInteger<2> d{{static_cast<uint32_t>(divisor), static_cast<uint32_t>(divisor >> 32)}};
    const WideInteger<6> rest =
        difference(WideInteger<6>{{whole.digit[0], whole.digit[1], whole.digit[2], whole.digit[3]}},
                   product(quotient, d));
    EXPECT_EQ(rest.bits_from(0), remainder);
    EXPECT_LE(rest.bit_length(), 64);
  }
}

TEST(RoundedRatio, IsTheCorrectlyRoundedQuotient) {
  // For integers below 2^53 the division of binary64 is the reference.
  for (uint64_t i = 0; i < 2000; ++i) {
    const uint64_t a = random_key({2, 0, 0}, 2 * i) >> (11 + i % 40);
    const uint64_t b = (random_key({2, 0, 0}, 2 * i + 1) >> (11 + i % 37)) + 1;
    EXPECT_EQ(rounded_ratio(a, b), static_cast<double>(a) / static_cast<double>(b));
  }
  EXPECT_EQ(rounded_ratio(0, 5), 0.0);
  // Beyond 2^53 both operands would round first (expected values from Python's int / int).
  EXPECT_EQ(rounded_ratio((uint64_t{1} << 62) - 1, (uint64_t{1} << 62) - 1), 1.0);
  EXPECT_EQ(rounded_ratio(2596871869076782020u, 2849647038907036732u), 0x1.d29562bc24a9ap-1);
  EXPECT_EQ(rounded_ratio(4555684730531950220u, 4119697690885998504u), 0x1.1b17aa75d558bp+0);
  EXPECT_EQ(rounded_ratio(4103518836017640370u, 2801313311672095366u), 0x1.7700c2e1ad542p+0);
}

}  // namespace
}  // namespace reprotrain::kernels
