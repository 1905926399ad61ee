// SPDX-License-Identifier: Apache-2.0
// Estimates in binary32 pairs against the binary64 path. All 2^32 arguments: scripts/exhaustive.sh
// --path pair.
#include <gtest/gtest.h>

#include "kernels/base/float_bits.h"
#include "tests/oracle/mpfr_functions.h"
#include "tests/oracle/pair_check.h"

namespace reprotrain {
namespace {

using kernels::bits_of;
using kernels::float_from_bits;
using oracle::Function;
using oracle::PairTally;

class PairEstimateOf : public ::testing::TestWithParam<Function> {
 protected:
  PairTally tally(uint64_t begin, uint64_t end, uint64_t stride) const {
    return oracle::check_pairs(
        GetParam().name, begin, end, stride, [](float x, uint32_t ours, uint32_t binary64) {
          ADD_FAILURE() << std::hex << "at 0x" << bits_of(x) << ": 0x" << ours
                        << " (or beyond its bound), must be 0x" << binary64;
        });
  }
};

TEST_P(PairEstimateOf, DecidesAsBinary64DoesAndKeepsItsBoundOnArgumentsOfAllExponents) {
  const PairTally all = tally(0, 1ull << 32, 1021);
  EXPECT_GE(all.n_arguments, 4'000'000u);
  EXPECT_EQ(all.n_mismatches + all.n_beyond_bound, 0u);
  // A bound that nothing comes near would leave too much undecided.
  EXPECT_GT(all.worst_share_of_bound, 0.25);
}

TEST_P(PairEstimateOf, LeavesFewArgumentsOfOrdinarySizeUndecided) {
  const PairTally ordinary = tally(bits_of(0.25f), bits_of(4.0f), 13);
  EXPECT_LT(ordinary.n_undecided * 1000, ordinary.n_arguments);
}

TEST_P(PairEstimateOf, GivesTheSameResultWithTheFmaOfAnyMachine) {
  size_t n_different = 0;
  for (uint64_t bits = 11; bits < (1ull << 32); bits += 10'007) {
    const float x = float_from_bits(static_cast<uint32_t>(bits));
    n_different += bits_of(GetParam().by_pairs(x)) != bits_of(GetParam().rounded(x));
  }
  EXPECT_EQ(n_different, 0u);
}

INSTANTIATE_TEST_SUITE_P(Elementary, PairEstimateOf, ::testing::ValuesIn(oracle::functions()),
                         [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace reprotrain
