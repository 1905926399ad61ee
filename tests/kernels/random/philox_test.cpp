// SPDX-License-Identifier: Apache-2.0
#include "kernels/random/philox.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "kernels/random/streams.h"
#include "tests/support/known_answers.h"

namespace reprotrain::kernels {
namespace {

using testing::from_decimal;
using testing::from_hex;
using testing::known_answers;

uint32_t word_of(const std::string& text) { return static_cast<uint32_t>(from_hex(text)); }

void expect_block(const std::vector<std::string>& in, const std::vector<std::string>& out) {
  const uint32_t counter[4] = {word_of(in[0]), word_of(in[1]), word_of(in[2]), word_of(in[3])};
  const uint32_t key[2] = {word_of(in[4]), word_of(in[5])};
  const PhiloxBlock block = philox4x32_10(counter, key);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(block.word[i], word_of(out[i])) << "word " << i;
}

RandomStream stream_from(const std::vector<std::string>& in) {
  return {from_hex(in[0]), word_of(in[1]), static_cast<uint32_t>(from_decimal(in[2]))};
}

TEST(Philox, GivesThePublishedKnownAnswers) {
  for (const auto& known : known_answers("philox.kat", "philox")) {
    SCOPED_TRACE(known.line);
    expect_block(known.inputs, known.outputs);
  }
}

TEST(Philox, AgreesWithTheKnownAnswerFileOfItsAuthors) {
  const char* folder = std::getenv("REPROTRAIN_TEST_DATA");
  if (folder == nullptr) GTEST_SKIP() << "REPROTRAIN_TEST_DATA is not set";
  const std::string path = std::string(folder) + "/random123-kat-vectors.txt";
  std::ifstream lines(path);
  if (!lines) GTEST_SKIP() << path << " is missing";
  int n_cases = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    if (words.size() != 12 || words[0] != "philox4x32" || words[1] != "10") continue;
    SCOPED_TRACE(line);
    expect_block({words.begin() + 2, words.begin() + 8}, {words.begin() + 8, words.end()});
    ++n_cases;
  }
  EXPECT_GE(n_cases, 3);
}

TEST(RandomStream, MapsIndexStreamAndStepAsTheSpecificationSays) {
  for (const auto& known : known_answers("philox.kat", "word")) {
    SCOPED_TRACE(known.line);
    EXPECT_EQ(random_word(stream_from(known.inputs), from_decimal(known.inputs[3])),
              word_of(known.outputs[0]));
  }
  for (const auto& known : known_answers("philox.kat", "key")) {
    SCOPED_TRACE(known.line);
    EXPECT_EQ(random_key(stream_from(known.inputs), from_decimal(known.inputs[3])),
              from_hex(known.outputs[0]));
  }
}

TEST(RandomStream, UnitsAreTheUpperTwentyFourBitsExactly) {
  EXPECT_EQ(unit_of_word(0u), 0.0f);
  EXPECT_EQ(unit_of_word(255u), 0.0f);
  EXPECT_EQ(unit_of_word(256u), 0x1p-24f);
  EXPECT_EQ(unit_of_word(0xffffffffu), 0x1.fffffep-1f);
  EXPECT_LT(unit_of_word(0xffffffffu), 1.0f);
}

TEST(RandomStream, SeedStreamAndStepEachGiveOtherNumbers) {
  const RandomStream base{5, 6, 7};
  const RandomStream others[] = {{6, 6, 7}, {5 + (uint64_t{1} << 32), 6, 7}, {5, 7, 7}, {5, 6, 8}};
  for (const RandomStream& other : others) {
    for (uint64_t i = 0; i < 64; ++i) EXPECT_NE(random_word(base, i), random_word(other, i));
  }
}

TEST(StreamOf, KeepsPurposesAndInstancesApart) {
  EXPECT_EQ(stream_of(StreamPurpose::kSplit, 0), 0x01000000u);
  EXPECT_EQ(stream_of(StreamPurpose::kEpochOrder, 0), 0x02000000u);
  EXPECT_EQ(stream_of(StreamPurpose::kInitialisation, 5), 0x03000005u);
  EXPECT_EQ(stream_of(StreamPurpose::kDropout, 0xffffff), 0x04ffffffu);
}

// Statistics with fixed seeds: they pass or fail for ever. Bounds are about five standard
// deviations.

TEST(RandomStreamStatistics, MomentsOfUnitsAreThoseOfTheUniformDistribution) {
  constexpr int kN = 1 << 18;
  for (uint32_t step = 0; step < 4; ++step) {
    double sum = 0.0, sum_of_squares = 0.0;
    for (uint64_t i = 0; i < kN; ++i) {
      const auto u = static_cast<double>(random_unit({123, 0x04000000u, step}, i));
      sum += u;
      sum_of_squares += u * u;
    }
    EXPECT_NEAR(sum / kN, 0.5, 0.0029);
    EXPECT_NEAR(sum_of_squares / kN, 1.0 / 3.0, 0.0030);
  }
}

TEST(RandomStreamStatistics, ChiSquareOfEveryByteIsUnremarkable) {
  constexpr int kN = 1 << 16;
  for (int shift = 0; shift < 32; shift += 8) {
    std::vector<int> counts(256);
    for (uint64_t i = 0; i < kN; ++i) ++counts[random_word({9, 1, 2}, i) >> shift & 0xff];
    double chi_square = 0.0;
    for (const int count : counts) chi_square += (count - 256.0) * (count - 256.0) / 256.0;
    // 255 degrees of freedom: mean 255, standard deviation 22.6.
    EXPECT_GT(chi_square, 255.0 - 5 * 22.6) << "shift " << shift;
    EXPECT_LT(chi_square, 255.0 + 5 * 22.6) << "shift " << shift;
  }
}

TEST(RandomStreamStatistics, NeighbouringIndicesShareHalfTheirBits) {
  constexpr int kN = 1 << 16;
  int64_t n_shared = 0;
  for (uint64_t i = 0; i < kN; ++i) {
    n_shared += std::popcount(random_word({3, 4, 5}, i) ^ random_word({3, 4, 5}, i + 1));
  }
  EXPECT_NEAR(static_cast<double>(n_shared) / kN, 16.0, 5 * 2.83 / 256);
}

}  // namespace
}  // namespace reprotrain::kernels
