// SPDX-License-Identifier: Apache-2.0
// The correctly rounded functions against MPFR. All 2^32 arguments: scripts/exhaustive.sh.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "kernels/base/float_bits.h"
#include "kernels/elementwise/elementary.h"
#include "tests/oracle/rounding_check.h"
#include "tests/support/known_answers.h"

namespace reprotrain {
namespace {

using kernels::bits_of;
using kernels::float_from_bits;
using oracle::Filter;
using oracle::Function;

/// Reports the first few mismatches of one function.
class Reporter {
 public:
  explicit Reporter(const Function& function) : function_(function) {}
  void operator()(float x, uint32_t ours, const oracle::Verdict& truth) {
    if (ours == truth.bits || ++n_reported_ > 5) return;
    ADD_FAILURE() << std::hex << function_.name << "(0x" << bits_of(x) << ") is 0x" << ours
                  << ", must be 0x" << truth.bits;
  }

 private:
  const Function& function_;
  int n_reported_ = 0;
};

class EveryFunction : public ::testing::TestWithParam<Function> {};

TEST_P(EveryFunction, IsCorrectlyRoundedOnTwoMillionArgumentsOfAllExponents) {
  Reporter reporter(GetParam());
  const oracle::Tally tally =
      oracle::check_bits(GetParam(), Filter::kLibrary, 0, 1ull << 32, 2039, std::ref(reporter));
  EXPECT_GE(tally.n_arguments, 2'000'000u);
  EXPECT_EQ(tally.n_mismatches, 0u);
}

TEST_P(EveryFunction, IsCorrectlyRoundedWhereOnlyMpfrJudges) {
  Reporter reporter(GetParam());
  const oracle::Tally tally =
      oracle::check_bits(GetParam(), Filter::kNone, 7, 1ull << 32, 40'009, std::ref(reporter));
  EXPECT_GE(tally.n_put_to_mpfr, 100'000u);
  EXPECT_EQ(tally.n_mismatches, 0u);
}

/// Zeros, smallest and largest subnormal and normal numbers, one, infinities, NaNs, and where a
/// result overflows, becomes subnormal, becomes zero, saturates, or changes sign.
const float kBoundaries[] = {0.0f,           0x1p-149f,      0x1.fffffcp-127f,
                             0x1p-126f,      0x1p-25f,       0x1p-24f,
                             0x1p-23f,       0x1p-12f,       0x1p-8f,
                             0.34657359f,    0.5f,           0.75f,
                             0x1.80ead2p-1f, 1.0f,           0x1.6a09e6p+0f,
                             2.0f,           0x1.f5a88ap+1f, 4.0f,
                             0x1.563db2p+2f, 0x1.7a4014p+2f, 0x1.205968p+3f,
                             0x1.a4ae0ep+3f, 0x1.aaf0b4p+3f, 0x1.cb64eap+3f,
                             0x1.d152bcp+3f, 15.0f,          0x1.154246p+4f,
                             22.0f,          60.0f,          0x1.5d58ap+6f,
                             0x1.62e43p+6f,  90.0f,          0x1.9fe36ap+6f,
                             110.0f,         1000.0f,        0x1p24f,
                             0x1p53f,        0x1p54f,        0x1.fffffep127f,
                             HUGE_VALF};

TEST_P(EveryFunction, IsCorrectlyRoundedAroundEveryBoundary) {
  Reporter reporter(GetParam());
  constexpr uint64_t kReach = 64;
  for (const float boundary : kBoundaries) {
    for (const uint32_t sign : {0u, 0x80000000u}) {
      const uint64_t centre = bits_of(boundary);
      const uint64_t begin = sign + (centre < kReach ? 0 : centre - kReach);
      const oracle::Tally tally = oracle::check_bits(GetParam(), Filter::kNone, begin,
                                                     sign + centre + kReach, 1, std::ref(reporter));
      EXPECT_EQ(tally.n_mismatches, 0u) << "around " << boundary;
    }
  }
}

/// The decision that settles what the estimate cannot, asked about everything.
TEST_P(EveryFunction, DecidesCorrectlyWithoutTheEstimate) {
  const Function& function = GetParam();
  int n_wrong = 0;
  for (uint64_t bits = 3; bits < (1ull << 32); bits += 100'003) {
    const float x = float_from_bits(static_cast<uint32_t>(bits));
    n_wrong += bits_of(function.decided(x)) != function.oracle(x).bits;
  }
  EXPECT_EQ(n_wrong, 0);
}

/// True where f(x) is neither a rule nor a limit, whose accurate value need only round correctly.
bool has_accurate_value(const Function& function, float x) {
  const float y = function.rounded(x);
  return kernels::is_finite(x) && kernels::is_finite(y) && y != 0.0f && std::fabs(y) != 1.0f;
}

TEST_P(EveryFunction, HasAccurateValuesWithinTheirBound) {
  const Function& function = GetParam();
  double worst = 0.0;
  for (uint64_t bits = 5; bits < (1ull << 32); bits += 200'003) {
    const float x = float_from_bits(static_cast<uint32_t>(bits));
    if (has_accurate_value(function, x)) worst = std::fmax(worst, function.accurate_error(x));
  }
  for (const float boundary : kBoundaries) {
    for (const float x : {boundary, -boundary}) {
      if (has_accurate_value(function, x)) worst = std::fmax(worst, function.accurate_error(x));
    }
  }
  EXPECT_LE(worst, 0x1p-75);
  RecordProperty("bits", std::to_string(-std::log2(worst)));
}

TEST_P(EveryFunction, GivesTheKnownAnswersOfHardCasesInEveryForm) {
  const Function& function = GetParam();
  for (const testing::KnownAnswer& known :
       testing::known_answers("elementary.kat", function.name)) {
    const float x = float_from_bits(static_cast<uint32_t>(testing::from_hex(known.inputs.at(0))));
    const auto expected = static_cast<uint32_t>(testing::from_hex(known.outputs.at(0)));
    float from_array = 0.0f;
    function.array(&x, &from_array, 1);
    EXPECT_EQ(bits_of(function.rounded(x)), expected) << known.line;
    EXPECT_EQ(bits_of(function.by_pairs(x)), expected) << known.line;
    EXPECT_EQ(bits_of(function.decided(x)), expected) << known.line;
    EXPECT_EQ(bits_of(from_array), expected) << known.line;
    EXPECT_EQ(function.oracle(x).bits, expected) << known.line << ": the oracle disagrees";
  }
}

INSTANTIATE_TEST_SUITE_P(Elementary, EveryFunction, ::testing::ValuesIn(oracle::functions()),
                         [](const auto& parameter) { return parameter.param.name; });

TEST(ElementaryOracle, KnowsHowFarAValueIsFromARoundingBoundary) {
  // exp(2^-24) = 1 + 2^-24 + 2^-49 + ...: 2^-26 units in the last place above the tie.
  EXPECT_NEAR(oracle::function_named("exp").oracle(0x1p-24f).hardness, 26.0, 0.01);
}

}  // namespace
}  // namespace reprotrain
