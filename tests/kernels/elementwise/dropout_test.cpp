// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/dropout.h"

#include <gtest/gtest.h>

#include <span>

#include "kernels/conformance/test_values.h"
#include "kernels/elementwise/initialisation.h"
#include "kernels/random/streams.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/bit_patterns.h"

namespace reprotrain::kernels {
namespace {

using testing::bit_patterns;
using testing::from_decimal;

std::vector<float> values(size_t n, std::string_view kind = "unit") {
  std::vector<float> x;
  for (size_t i = 0; i < n; ++i) x.push_back(element(kind, i));
  return x;
}

/// in: percent, seed, layer, step, n.
void expect_known_dropout(const testing::KnownAnswer& known, std::string_view kind,
                          std::span<const std::string> in) {
  SCOPED_TRACE(known.line.substr(0, 60));
  const auto dropout = Dropout::with_probability(static_cast<double>(from_decimal(in[0])) / 100.0);
  const RandomStream stream{
      from_decimal(in[1]),
      stream_of(StreamPurpose::kDropout, static_cast<uint32_t>(from_decimal(in[2]))),
      static_cast<uint32_t>(from_decimal(in[3]))};
  std::vector<float> x = values(from_decimal(in[4]), kind);
  apply_dropout(dropout, stream, x, SerialParallel());
  EXPECT_EQ(bit_patterns(x), bit_patterns(known.outputs));
}

TEST(Dropout, GivesTheOraclesBits) {
  for (const auto& known : testing::known_answers("training.kat", "dropout")) {
    expect_known_dropout(known, "unit", known.inputs);
  }
}

TEST(Dropout, GivesTheOraclesBitsOfEveryFamilyOfValues) {
  for (const auto& known : testing::known_answers("training.kat", "dropout_of")) {
    expect_known_dropout(known, known.inputs[0], std::span(known.inputs).subspan(1));
  }
}

TEST(Dropout, EverySizeAndCutGivesTheMaskOfItsIndices) {
  const auto dropout = Dropout::with_probability(0.3);
  const RandomStream stream{9, stream_of(StreamPurpose::kDropout, 1), 12};
  for (size_t n : {0, 1, 3, 4, 5, 31, 33, 255, 257, 1025, 65537}) {
    std::vector<float> expected = values(n);
    for (size_t i = 0; i < n; ++i) {
      expected[i] = dropout.apply(random_word(stream, i), expected[i]);
    }
    for (uint64_t seed = 0; seed < 3; ++seed) {
      std::vector<float> x = values(n);
      apply_dropout(dropout, stream, x, testing::AdversarialParallel(seed));
      ASSERT_EQ(bit_patterns(x), bit_patterns(expected)) << n;
    }
  }
}

TEST(Dropout, KeepsAWordAtTheThresholdAndDropsTheOneBelow) {
  const auto dropout = Dropout::with_probability(0.5);
  EXPECT_EQ(dropout.threshold, 0x80000000u);
  EXPECT_EQ(dropout.apply(0x80000000u, 1.5f), 3.0f);
  EXPECT_EQ(bits_of(dropout.apply(0x7fffffffu, -1.5f)), 0u);
}

TEST(Dropout, KeepsTheExpectedShare) {
  const auto dropout = Dropout::with_probability(0.25);
  std::vector<float> x(1 << 20, 1.0f);
  apply_dropout(dropout, {5, stream_of(StreamPurpose::kDropout, 0), 0}, x, SerialParallel());
  const auto kept = std::count(x.begin(), x.end(), dropout.scale);
  EXPECT_EQ(dropout.scale, 0x1.555556p0f);
  EXPECT_NEAR(static_cast<double>(kept) / (1 << 20), 0.75, 0.002);
}

TEST(Initialisation, GivesTheOraclesBits) {
  for (const auto& known : testing::known_answers("training.kat", "initialisation")) {
    const auto& in = known.inputs;
    const auto n_in = static_cast<int64_t>(from_decimal(in[0]));
    const auto n_out = static_cast<int64_t>(from_decimal(in[1]));
    std::vector<float> weight(static_cast<size_t>(n_in * n_out));
    initialise_weight(n_in, n_out, from_decimal(in[2]), static_cast<uint32_t>(from_decimal(in[3])),
                      weight);
    EXPECT_EQ(bit_patterns(weight), bit_patterns(known.outputs)) << known.line.substr(0, 60);
  }
}

}  // namespace
}  // namespace reprotrain::kernels
