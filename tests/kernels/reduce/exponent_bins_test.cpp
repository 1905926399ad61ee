// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/exponent_bins.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "kernels/base/float_bits.h"
#include "kernels/conformance/test_values.h"
#include "tests/support/exact_limbs.h"

namespace reprotrain::kernels {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

/// Bins against one term at a time, for term i at values[i * stride].
void expect_definition(const std::vector<float>& values, size_t stride) {
  const size_t n = values.empty() ? 0 : (values.size() - 1) / stride + 1;
  ExactSum sum, squares, of_bins, of_square_bins;
  for (size_t i = 0; i < n; ++i) {
    sum.add(values[i * stride]);
    squares.add_product(values[i * stride], values[i * stride]);
  }
  ValueBins bins;
  SquareBins square_bins;
  const size_t n_first = n / 3;  // in two additions
  const auto step = static_cast<int64_t>(stride);
  bins.add(values.data(), step, static_cast<int64_t>(n_first));
  square_bins.add(values.data(), step, static_cast<int64_t>(n_first));
  bins.add(values.data() + n_first * stride, step, static_cast<int64_t>(n - n_first));
  square_bins.add(values.data() + n_first * stride, step, static_cast<int64_t>(n - n_first));
  bins.collect(of_bins);
  square_bins.collect(of_square_bins);
  EXPECT_EQ(testing::limbs_of(of_bins), testing::limbs_of(sum));
  EXPECT_EQ(testing::limbs_of(of_square_bins), testing::limbs_of(squares));
}

TEST(ExponentBins, HoldTheExactSumsOfEveryRange) {
  uint64_t seed = 100;
  for (const size_t n : std::initializer_list<size_t>{0, 1, 2, 3, 4, 5, 31, 33, 1025, 32768}) {
    for (const uint32_t n_fields : {1u, 2u, 17u, 255u}) {
      for (const uint32_t lowest : {0u, 1u, 255u - n_fields}) {
        if (lowest + n_fields > 255) continue;
        expect_definition(generated_floats(++seed, lowest, n_fields, n), 1);
        expect_definition(generated_floats(++seed, lowest, n_fields, n), 3);
      }
    }
  }
}

TEST(ExponentBins, HoldAsManyOfTheLargestTermsAsTheyPromise) {
  for (const float x : {0x1.fffffep127f, -0x1.fffffep127f, 0x1.fffffep-126f, 0x1.fffffcp-127f,
                        -0x1.fffffcp-127f, 0x1.fffffep1f, 0x1p-149f, -0.0f}) {
    expect_definition(std::vector<float>(kBinnedTerms, x), 1);
  }
}

TEST(ExponentBins, SpecialValuesFollowTheirRulesInEveryPosition) {
  const float nan = float_from_bits(0xff800001u);
  for (size_t place = 0; place < 11; ++place) {
    for (const float special : {kInf, -kInf, nan}) {
      std::vector<float> values(11, 1.5f);
      values[place] = special;
      expect_definition(values, 1);
      for (const float other : {kInf, -kInf, nan}) {
        values[(place + 5) % 11] = other;
        expect_definition(values, 1);
      }
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
