// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/float_pair.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/conformance/test_values.h"
#include "kernels/elementwise/pair_estimate.h"

namespace reprotrain::kernels::rounded {
namespace {

constexpr size_t kCount = 20'000;
const std::vector<float> kHigh = generated_floats(3, 117, 20, 2 * kCount);
const std::vector<float> kFraction = generated_floats(4, 120, 7, 2 * kCount);

double value_of(FloatPair a) { return static_cast<double>(a.hi) + static_cast<double>(a.lo); }

/// The low part is up to 2^-21 of the high one, as a pair's may be.
FloatPair pair_numbered(size_t i) { return {kHigh[i], kHigh[i] * kFraction[i] * 0x1p-22f}; }

void expect_close(FloatPair a, double truth) {
  EXPECT_LE(std::fabs(value_of(a) - truth), 0x1p-40 * std::fabs(truth));
}

TEST(FloatPair, SumsAndProductsOfTwoNumbersAreExact) {
  for (size_t i = 0; i < kCount; ++i) {
    const float a = kHigh[2 * i], b = kHigh[2 * i + 1];
    const double da = static_cast<double>(a), db = static_cast<double>(b);
    ASSERT_EQ(value_of(two_sum(a, b)), da + db) << i;
    ASSERT_EQ(value_of(two_product<FmaOnAnyMachine>(a, b)), da * db) << i;
    if (std::fabs(a) >= std::fabs(b)) {
      ASSERT_EQ(value_of(quick_two_sum(a, b)), da + db) << i;
    }
  }
}

TEST(FloatPair, OperationsOnPairsKeepTheirErrorBounds) {
  using Fma = FmaOnAnyMachine;
  for (size_t i = 0; i < kCount; ++i) {
    const FloatPair a = pair_numbered(2 * i), b = pair_numbered(2 * i + 1);
    const double da = value_of(a), db = value_of(b);
    expect_close(multiply<Fma>(a, b), da * db);
    expect_close(multiply<Fma>(a, b.hi), da * static_cast<double>(b.hi));
    expect_close(divide<Fma>(a, b), da / db);
    expect_close(reciprocal<Fma>(b), 1.0 / db);
    if (std::fabs(a.hi) >= 2.0f * std::fabs(b.hi)) {
      expect_close(quick_add(a, b), da + db);
      expect_close(quick_add(a.hi, b), static_cast<double>(a.hi) + db);
    }
  }
}

TEST(PairEstimate, DecidesARuleWithItsSignAndNothingThatIsUnknown) {
  const PairEstimate any = {1.5f, 0x1p-30f, 0x1p-40f};
  for (const float rule : {0.0f, -0.0f, 1.0f, infinity(), -infinity()}) {
    const RoundedInterval interval = rounded_interval(ruled_where(true, rule, any));
    EXPECT_TRUE(interval.is_one_float());
    EXPECT_EQ(bits_of(interval.low), bits_of(rule));
  }
  EXPECT_FALSE(rounded_interval(ruled_where(true, canonical_nan(), any)).is_one_float());
  EXPECT_EQ(rounded_interval(ruled_where(false, 7.0f, any)).low, 1.5f);
}

TEST(PairEstimate, DoesNotDecideNextToARoundingBoundary) {
  const float half_unit = 0x1p-24f;
  EXPECT_FALSE(rounded_interval(PairEstimate{1.0f, half_unit, 0x1p-36f}).is_one_float());
  EXPECT_FALSE(rounded_interval(PairEstimate{1.0f, half_unit - 0x1p-38f, 0x1p-36f}).is_one_float());
  EXPECT_TRUE(rounded_interval(PairEstimate{1.0f, half_unit - 0x1p-34f, 0x1p-36f}).is_one_float());
}

}  // namespace
}  // namespace reprotrain::kernels::rounded
