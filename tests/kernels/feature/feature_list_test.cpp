// SPDX-License-Identifier: Apache-2.0
#include "kernels/feature/feature_list.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "kernels/base/float_bits.h"
#include "tests/support/known_answers.h"

namespace reprotrain::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

ColumnMoments example_moments() {
  return {.count = 4, .min = -3.0f, .max = 5.0f, .mean = 0.3, .variance = 2.7};
}

template <typename Feature>
Feature example() {
  const std::vector<double> parameters(Feature::kParameters.size(), 0.0);
  std::vector<double> values = parameters;
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  return Feature::fit(example_moments(), values);
}

TEST(FeatureList, NamesAreDistinct) {
  std::set<std::string> names;
  size_t n = 0;
  for_each_feature([&]<typename Feature>() {
    names.insert(Feature::kName);
    ++n;
  });
  EXPECT_EQ(names.size(), n);
  EXPECT_EQ(n, std::tuple_size_v<FeatureList>);
}

TEST(FeatureList, EveryKernelTurnsEveryNaNIntoTheCanonicalOne) {
  for_each_feature([]<typename Feature>() {
    for (uint32_t bits : {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xffffffffu}) {
      EXPECT_EQ(bits_of(example<Feature>()(float_from_bits(bits))), 0x7fc00000u) << Feature::kName;
    }
  });
}

TEST(FeatureList, FieldsAreTheWholeState) {
  for_each_feature([]<typename Feature>() {
    const Feature fitted = example<Feature>();
    Feature copy;
    for (const FeatureField<Feature>& field : Feature::fields()) {
      copy.*field.member = fitted.*field.member;
    }
    for (float x : {-2.5f, -0.5f, -0.0f, 0.25f, 3.0f, 1e30f}) {
      EXPECT_EQ(bits_of(copy(x)), bits_of(fitted(x))) << Feature::kName << " " << x;
    }
  });
}

TEST(FeatureList, MatchesTheIndependentOracle) {
  const auto number = [](const std::string& hex) {
    return double_from_bits(reprotrain::testing::from_hex(hex));
  };
  for_each_feature([&]<typename Feature>() {
    for (const auto& answer : reprotrain::testing::known_answers("feature.kat", Feature::kName)) {
      Feature feature;
      size_t next = 0;
      for (const FeatureField<Feature>& field : Feature::fields()) {
        feature.*field.member = number(answer.inputs[next++]);
      }
      const auto x = static_cast<uint32_t>(reprotrain::testing::from_hex(answer.inputs[next]));
      EXPECT_EQ(bits_of(feature(float_from_bits(x))),
                static_cast<uint32_t>(reprotrain::testing::from_hex(answer.outputs[0])))
          << answer.line;
    }
  });
}

TEST(Standardize, FitsTheSquareRootOfTheVarianceAndOneForZero) {
  const Standardize fitted = Standardize::fit(example_moments(), {});
  EXPECT_EQ(bits_of(fitted.mean), bits_of(0.3));
  EXPECT_EQ(bits_of(fitted.deviation), bits_of(std::sqrt(2.7)));
  EXPECT_EQ(
      Standardize::fit({.count = 1, .min = 2, .max = 2, .mean = 2, .variance = 0}, {}).deviation,
      1.0);
}

TEST(MinMax, TheEndsOfTheRangeAreHitExactly) {
  const std::vector<double> bounds = {-1.0, 0.1};
  const MinMax fitted = MinMax::fit(example_moments(), bounds);
  EXPECT_EQ(fitted(-3.0f), -1.0f);
  EXPECT_EQ(fitted(5.0f), 0.1f);
}

TEST(Clip, KeepsTheSignOfZeroAndClipsInfinities) {
  const std::vector<double> bounds = {-0.1, 0.1};
  const Clip clip = Clip::fit(ColumnMoments{}, bounds);
  EXPECT_EQ(bits_of(clip(-0.0f)), 0x80000000u);
  EXPECT_EQ(bits_of(clip(0.0f)), 0u);
  EXPECT_EQ(clip(kInfinity), 0.1f);
  EXPECT_EQ(clip(-kInfinity), -0.1f);
  // f32(0.1) lies above the binary64 bound 0.1, and is what it is clipped to.
  EXPECT_EQ(clip(0.1f), 0.1f);
}

}  // namespace
}  // namespace reprotrain::kernels
