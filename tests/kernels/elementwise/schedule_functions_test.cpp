// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/schedule_functions.h"

#include <gtest/gtest.h>
#include <mpfr.h>

#include <cmath>

#include "kernels/base/float_bits.h"
#include "tests/support/known_answers.h"

namespace reprotrain::kernels::rounded {
namespace {

TEST(CospiUnit, IsExactAtTheEndsAndTheMiddle) {
  EXPECT_EQ(cospi_unit(0.0), 1.0);
  EXPECT_EQ(cospi_unit(0.5), 0.0);
  EXPECT_EQ(cospi_unit(1.0), -1.0);
}

TEST(CospiUnit, IsWithinItsBoundOfMpfr) {
  mpfr_t truth;
  mpfr_init2(truth, 200);
  for (int i = 0; i <= 100'000; ++i) {
    const double t = static_cast<double>(i) / 100'000.0;
    mpfr_set_d(truth, t, MPFR_RNDN);
    mpfr_t pi;
    mpfr_init2(pi, 200);
    mpfr_const_pi(pi, MPFR_RNDN);
    mpfr_mul(truth, truth, pi, MPFR_RNDN);
    mpfr_cos(truth, truth, MPFR_RNDN);
    mpfr_sub_d(truth, truth, cospi_unit(t), MPFR_RNDN);
    ASSERT_LE(std::fabs(mpfr_get_d(truth, MPFR_RNDA)), 0x1p-52) << t;
    mpfr_clear(pi);
  }
  mpfr_clear(truth);
}

TEST(CospiUnit, IsOddAroundTheMiddleAndFalls) {
  for (int i = 0; i <= 4096; ++i) {
    const double t = i / 4096.0;
    EXPECT_EQ(cospi_unit(1.0 - t), -cospi_unit(t)) << t;
    if (i > 0) {
      EXPECT_LT(cospi_unit(t), cospi_unit((i - 1) / 4096.0)) << t;
    }
  }
}

TEST(CospiUnit, GivesTheKnownBits) {
  for (const auto& known : testing::known_answers("elementary.kat", "cospi_unit")) {
    const double t = double_from_bits(testing::from_hex(known.inputs.at(0)));
    EXPECT_EQ(bits_of(cospi_unit(t)), testing::from_hex(known.outputs.at(0))) << known.line;
  }
}

TEST(PowerOf, IsExactWhereBinary64Is) {
  EXPECT_EQ(power_of(2.0, 10), 1024.0);
  EXPECT_EQ(power_of(0.5, 1074), 0x1p-1074);
  EXPECT_EQ(power_of(-3.0, 3), -27.0);
  EXPECT_EQ(power_of(0.9, 1), 0.9);
  EXPECT_EQ(power_of(0.0, 0), 1.0);
  EXPECT_EQ(power_of(1.0, ~0ull), 1.0);
  EXPECT_EQ(power_of(0.999, ~0ull), 0.0);
}

TEST(PowerOf, MultipliesInTheStatedOrder) {
  const double b = 1.1;
  const double b2 = b * b;
  const double b4 = b2 * b2;
  EXPECT_EQ(power_of(b, 7), (b * b2) * b4);
  EXPECT_NE(power_of(b, 7), (b4 * b2) * b) << "this base does not tell orders apart";
}

TEST(PowerOf, GivesTheKnownBits) {
  for (const auto& known : testing::known_answers("elementary.kat", "power_of")) {
    const double base = double_from_bits(testing::from_hex(known.inputs.at(0)));
    const uint64_t exponent = testing::from_decimal(known.inputs.at(1));
    EXPECT_EQ(bits_of(power_of(base, exponent)), testing::from_hex(known.outputs.at(0)))
        << known.line;
  }
}

}  // namespace
}  // namespace reprotrain::kernels::rounded
