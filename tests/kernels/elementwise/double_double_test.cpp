// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/double_double.h"

#include <gtest/gtest.h>
#include <mpfr.h>

#include <cmath>

#include "kernels/random/philox.h"

namespace reprotrain::kernels::rounded {
namespace {

/// hi in [1, 2) times 2^exponent, lo random below half a unit in its last place.
DoubleDouble random_pair(uint64_t index, int exponent) {
  const RandomStream stream{5, 0, 0};
  const uint64_t high = uint64_t{random_word(stream, 4 * index)} << 20 | 0x3ff0000000000000ull;
  const double hi = double_from_bits(high | (random_word(stream, 4 * index + 1) & 0xfffffu));
  const double fraction = static_cast<double>(random_word(stream, 4 * index + 2)) * 0x1p-32 - 0.5;
  const bool negative = (random_word(stream, 4 * index + 3) & 1u) != 0;
  const DoubleDouble pair = scale({hi, fraction * 0x1p-53}, std::ldexp(1.0, exponent));
  return negative ? negated(pair) : pair;
}

/// MPFR, wide enough to hold every product and sum of pairs here.
struct Wide {
  mpfr_t value;
  explicit Wide(DoubleDouble a) {
    mpfr_init2(value, 4000);
    mpfr_set_d(value, a.hi, MPFR_RNDN);
    mpfr_add_d(value, value, a.lo, MPFR_RNDN);
  }
  ~Wide() { mpfr_clear(value); }
  Wide(const Wide&) = delete;
  Wide& operator=(const Wide&) = delete;
};

/// |a / truth - 1|
double relative_error(DoubleDouble a, const Wide& truth) {
  Wide difference(a);
  mpfr_sub(difference.value, difference.value, truth.value, MPFR_RNDN);
  if (mpfr_zero_p(difference.value)) return 0.0;
  mpfr_div(difference.value, difference.value, truth.value, MPFR_RNDN);
  return std::fabs(mpfr_get_d(difference.value, MPFR_RNDA));
}

TEST(DoubleDouble, OperationsKeepTheirErrorBounds) {
  for (uint64_t i = 0; i < 20'000; ++i) {
    const DoubleDouble a = random_pair(2 * i, static_cast<int>(i % 60) - 30);
    const DoubleDouble b = random_pair(2 * i + 1, static_cast<int>(i % 7) - 3);
    Wide sum(a), product(a), quotient(a);
    const Wide wide_b(b);
    mpfr_add(sum.value, sum.value, wide_b.value, MPFR_RNDN);
    mpfr_mul(product.value, product.value, wide_b.value, MPFR_RNDN);
    mpfr_div(quotient.value, quotient.value, wide_b.value, MPFR_RNDN);
    ASSERT_LE(relative_error(add(a, b), sum), 3 * 0x1p-106) << i;
    ASSERT_LE(relative_error(multiply(a, b), product), 7 * 0x1p-106) << i;
    ASSERT_LE(relative_error(divide(a, b), quotient), 16 * 0x1p-106) << i;
  }
}

TEST(DoubleDouble, TwoSumAndTwoProductLoseNothing) {
  for (uint64_t i = 0; i < 20'000; ++i) {
    const double a = random_pair(2 * i, static_cast<int>(i % 100) - 50).hi;
    const double b = random_pair(2 * i + 1, 0).hi;
    Wide sum({a, 0.0}), product({a, 0.0});
    mpfr_add_d(sum.value, sum.value, b, MPFR_RNDN);
    mpfr_mul_d(product.value, product.value, b, MPFR_RNDN);
    ASSERT_EQ(relative_error(two_sum(a, b), sum), 0.0) << i;
    ASSERT_EQ(relative_error(two_product(a, b), product), 0.0) << i;
  }
}

TEST(RoundToFloat, RoundsThePairOnceDownToTheSubnormals) {
  for (int exponent = -152; exponent <= 128; ++exponent) {
    for (uint64_t i = 0; i < 200; ++i) {
      const DoubleDouble a = random_pair(i, exponent);
      ASSERT_EQ(bits_of(round_to_float(a)), bits_of(mpfr_get_flt(Wide(a).value, MPFR_RNDN)))
          << exponent << " " << i;
    }
  }
}

TEST(RoundToFloat, ATinyLowPartDecidesATie) {
  for (const float below :
       {1.0f, -1.0f, 0x1.fffffep-1f, 0x1p-126f, 0x3p-149f, -0x1p-149f, 0x1p-130f}) {
    const float above = float_from_bits(bits_of(below) + 1);  // away from zero
    const double tie = 0.5 * (static_cast<double>(below) + static_cast<double>(above));
    const double away = tie < 0.0 ? -0x1p-260 : 0x1p-260;
    EXPECT_EQ(round_to_float({tie, away}), above) << below;
    EXPECT_EQ(round_to_float({tie, -away}), below) << below;
    EXPECT_EQ(bits_of(round_to_float({tie, 0.0})) & 1u, 0u) << below;
  }
}

TEST(RoundToFloat, OverflowsAtTheTieAboveTheLargestNumber) {
  const double tie = 0x1.ffffffp127;
  EXPECT_EQ(bits_of(round_to_float({tie, -0x1p50})), 0x7f7fffffu);
  EXPECT_EQ(bits_of(round_to_float({tie, 0.0})), 0x7f800000u);
}

}  // namespace
}  // namespace reprotrain::kernels::rounded
