// SPDX-License-Identifier: Apache-2.0
// First estimates, in binary32 pairs and quick ones, against the binary64 path. All 2^32 arguments:
// scripts/exhaustive.sh --path pair, --path quick.
#include <gtest/gtest.h>

#include <string>

#include "kernels/base/float_bits.h"
#include "tests/oracle/estimate_check.h"
#include "tests/oracle/mpfr_functions.h"

namespace reprotrain {
namespace {

using kernels::bits_of;
using kernels::float_from_bits;
using oracle::EstimateTally;
using oracle::Function;

using Check = EstimateTally (*)(const std::string& name, uint64_t begin, uint64_t end,
                                uint64_t stride, const oracle::EstimateListener& listener);

EstimateTally tally_of(Check check, const Function& function, uint64_t begin, uint64_t end,
                       uint64_t stride) {
  return check(function.name, begin, end, stride, [](float x, uint32_t ours, uint32_t binary64) {
    ADD_FAILURE() << std::hex << "at 0x" << bits_of(x) << ": 0x" << ours
                  << " (or beyond its bound), must be 0x" << binary64;
  });
}

class FirstEstimateOf : public ::testing::TestWithParam<Function> {};

/// `least_worst`: a bound that nothing comes near would leave too much undecided.
void expect_decides_as_binary64(Check check, const Function& function, double least_worst) {
  const EstimateTally all = tally_of(check, function, 0, 1ull << 32, 1021);
  EXPECT_GE(all.n_arguments, 4'000'000u);
  EXPECT_EQ(all.n_mismatches + all.n_beyond_bound, 0u);
  EXPECT_GT(all.worst_share_of_bound, least_worst);
  EXPECT_LT(all.worst_share_of_bound, 1.0);
}

TEST_P(FirstEstimateOf, InPairsDecidesAsBinary64DoesAndKeepsItsBound) {
  expect_decides_as_binary64(oracle::check_pairs, GetParam(), 0.25);
}

TEST_P(FirstEstimateOf, QuickDecidesAsBinary64DoesAndKeepsItsBound) {
  // One bound for all functions: some keep a tenth of it.
  expect_decides_as_binary64(oracle::check_quick, GetParam(), 0.03);
}

TEST_P(FirstEstimateOf, LeavesFewArgumentsOfOrdinarySizeUndecided) {
  for (const Check check : {oracle::check_pairs, oracle::check_quick}) {
    const EstimateTally ordinary = tally_of(check, GetParam(), bits_of(0.25f), bits_of(4.0f), 13);
    EXPECT_LT(ordinary.n_undecided * 1000, ordinary.n_arguments);
  }
}

TEST_P(FirstEstimateOf, InPairsGivesTheSameResultWithTheFmaOfAnyMachine) {
  size_t n_different = 0;
  for (uint64_t bits = 11; bits < (1ull << 32); bits += 10'007) {
    const float x = float_from_bits(static_cast<uint32_t>(bits));
    n_different += bits_of(GetParam().by_pairs(x)) != bits_of(GetParam().rounded(x));
  }
  EXPECT_EQ(n_different, 0u);
}

INSTANTIATE_TEST_SUITE_P(Elementary, FirstEstimateOf, ::testing::ValuesIn(oracle::functions()),
                         [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace reprotrain
