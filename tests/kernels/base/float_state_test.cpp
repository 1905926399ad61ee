// SPDX-License-Identifier: Apache-2.0
#include "kernels/base/float_state.h"

#include <gtest/gtest.h>

#include <cfenv>

namespace reprotrain::kernels {
namespace {

TEST(ArithmeticCanary, IsSilentInThisBuild) { EXPECT_EQ(arithmetic_canary(), nullptr); }

float one_plus_a_bit() {
  volatile float one = 1.0f;
  volatile float bit = 0x1p-25f;
  return one + bit;
}

TEST(StrictFloatScope, MendsForeignRoundingAndRestoresIt) {
  ASSERT_EQ(std::fesetround(FE_UPWARD), 0);
  const float before = one_plus_a_bit();
  float inside = 0.0f;
  {
    const StrictFloatScope strict;
    inside = one_plus_a_bit();
  }
  const float after = one_plus_a_bit();
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(before, 0x1.000002p0f) << "the test did not manage to change the rounding";
  EXPECT_EQ(inside, 1.0f);
  EXPECT_EQ(after, 0x1.000002p0f);
}

#if defined(__x86_64__)
TEST(StrictFloatScope, KeepsSubnormalsUnderFlushToZero) {
  const unsigned saved = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(saved | 0x8040u);
  float inside = 0.0f;
  {
    const StrictFloatScope strict;
    volatile float smallest_normal = 0x1p-126f;
    inside = smallest_normal * 0.5f;
  }
  volatile float smallest_normal = 0x1p-126f;
  const float outside = smallest_normal * 0.5f;
  __builtin_ia32_ldmxcsr(saved);
  EXPECT_EQ(inside, 0x1p-127f);
  EXPECT_EQ(outside, 0.0f) << "the test did not manage to switch flushing on";
}
#endif

}  // namespace
}  // namespace reprotrain::kernels
