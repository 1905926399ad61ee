// SPDX-License-Identifier: Apache-2.0
// Results that are rules: NaN, infinities, poles, signed zeros. Written down here, not computed.
#include <gtest/gtest.h>

#include "kernels/base/float_bits.h"
#include "kernels/elementwise/elementary.h"
#include "tests/oracle/mpfr_functions.h"

namespace reprotrain {
namespace {

using kernels::bits_of;
using kernels::float_from_bits;

constexpr uint32_t kNan = 0x7fc00000u;
constexpr uint32_t kInfinity = 0x7f800000u;
constexpr uint32_t kMinusInfinity = 0xff800000u;
constexpr uint32_t kZero = 0x00000000u;
constexpr uint32_t kMinusZero = 0x80000000u;
constexpr uint32_t kHalf = 0x3f000000u;
constexpr uint32_t kOne = 0x3f800000u;
constexpr uint32_t kMinusOne = 0xbf800000u;

struct Rules {
  const char* name;
  uint32_t of_zero, of_minus_zero, of_infinity, of_minus_infinity, of_largest, of_minus_largest;
};

const Rules kRules[] = {
    {"exp", kOne, kOne, kInfinity, kZero, kInfinity, kZero},
    {"log", kMinusInfinity, kMinusInfinity, kInfinity, kNan, 0x42b17218u, kNan},
    {"log1p", kZero, kMinusZero, kInfinity, kNan, 0x42b17218u, kNan},
    {"expm1", kZero, kMinusZero, kInfinity, kMinusOne, kInfinity, kMinusOne},
    {"tanh", kZero, kMinusZero, kOne, kMinusOne, kOne, kMinusOne},
    {"sigmoid", kHalf, kHalf, kOne, kZero, kOne, kZero},
    {"erf", kZero, kMinusZero, kOne, kMinusOne, kOne, kMinusOne},
    {"gelu", kZero, kMinusZero, kInfinity, kMinusZero, 0x7f7fffffu, kMinusZero},
    {"gelu_derivative", kHalf, kHalf, kOne, kMinusZero, kOne, kMinusZero},
};

TEST(ElementaryRules, CoverEveryFunction) {
  EXPECT_EQ(std::size(kRules), oracle::functions().size());
}

TEST(ElementaryRules, HoldAtZerosInfinitiesAndTheLargestNumbers) {
  for (const Rules& rules : kRules) {
    const oracle::Function& function = oracle::function_named(rules.name);
    const std::pair<uint32_t, uint32_t> cases[] = {
        {kZero, rules.of_zero},          {kMinusZero, rules.of_minus_zero},
        {kInfinity, rules.of_infinity},  {kMinusInfinity, rules.of_minus_infinity},
        {0x7f7fffffu, rules.of_largest}, {0xff7fffffu, rules.of_minus_largest},
    };
    for (const auto& [argument, expected] : cases) {
      const float x = float_from_bits(argument);
      EXPECT_EQ(bits_of(function.rounded(x)), expected) << rules.name << " of " << x;
      EXPECT_EQ(bits_of(function.decided(x)), expected) << rules.name << " of " << x << ", decided";
    }
  }
}

TEST(ElementaryRules, EveryNanGivesTheCanonicalNan) {
  for (const oracle::Function& function : oracle::functions()) {
    for (const uint32_t nan : {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xff800001u, 0x7fffffffu,
                               0xffffffffu, 0x7fa5a5a5u}) {
      EXPECT_EQ(bits_of(function.rounded(float_from_bits(nan))), kNan) << function.name;
      EXPECT_EQ(bits_of(function.decided(float_from_bits(nan))), kNan) << function.name;
    }
  }
}

TEST(ElementaryRules, LogarithmsOutsideTheirDomain) {
  namespace rounded = kernels::rounded;
  for (const float x : {-0x1p-149f, -1.0f, -0x1p100f}) EXPECT_EQ(bits_of(rounded::log(x)), kNan);
  EXPECT_EQ(bits_of(rounded::log(1.0f)), kZero);
  EXPECT_EQ(bits_of(rounded::log1p(-1.0f)), kMinusInfinity);
  EXPECT_EQ(bits_of(rounded::log1p(-0x1.000002p0f)), kNan);
}

TEST(ElementaryRules, TiesOfSubnormalGeluAreBrokenByTheNextTerm) {
  // x Phi(x) = x/2 + x^2/sqrt(2 pi): just above the tie x/2 for odd x.
  namespace rounded = kernels::rounded;
  EXPECT_EQ(bits_of(rounded::gelu(0x1p-149f)), 1u);
  EXPECT_EQ(bits_of(rounded::gelu(0x5p-149f)), 3u);
  EXPECT_EQ(bits_of(rounded::gelu(-0x1p-149f)), 0x80000000u);
  EXPECT_EQ(bits_of(rounded::gelu(-0x3p-149f)), 0x80000001u);
}

}  // namespace
}  // namespace reprotrain
