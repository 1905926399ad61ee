// SPDX-License-Identifier: Apache-2.0
#include "engine/data/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/support/error_text.h"
#include "tests/support/known_answers.h"

namespace reprotrain::engine {
namespace {

using reprotrain::testing::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Table rows(int64_t n) {
  Table table;
  table.n_rows = n;
  return table;
}

SplitConfig fractions(double test, double validation, bool stratify = false) {
  SplitConfig config;
  config.test_fraction = test;
  config.validation_fraction = validation;
  config.stratify = stratify;
  return config;
}

Split draw(int64_t n, double test, double validation, uint64_t seed = 7) {
  return draw_split(fractions(test, validation), rows(n), {}, seed);
}

std::vector<int64_t> count_classes(const std::vector<int64_t>& part,
                                   const std::vector<int32_t>& classes, int32_t n_classes) {
  std::vector<int64_t> counts(static_cast<size_t>(n_classes));
  for (const int64_t row : part) ++counts[static_cast<size_t>(classes[static_cast<size_t>(row)])];
  return counts;
}

TEST(Split, EveryRowIsInOnePartAndPartsAscend) {
  for (int64_t n : {2, 3, 31, 32, 33, 255, 256, 257, 1023, 1025, 65537}) {
    const Split split = draw(n, 0.3, n < 10 ? 0.0 : 0.2);
    std::vector<int64_t> all = split.train;
    for (const auto& part : {split.validation, split.test}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
    EXPECT_TRUE(std::is_sorted(split.test.begin(), split.test.end()));
    std::sort(all.begin(), all.end());
    std::vector<int64_t> expected(static_cast<size_t>(n));
    std::iota(expected.begin(), expected.end(), int64_t{0});
    EXPECT_EQ(all, expected) << n;
  }
}

TEST(Split, SizesAreTheExactProductRoundedHalfUp) {
  EXPECT_EQ(draw(10, 0.25, 0.0).test.size(), 3u);  // 2.5 exactly
  EXPECT_EQ(draw(10, 0.15, 0.0).test.size(), 1u);  // the binary64 0.15 is a little less: 1.4999...
  EXPECT_EQ(draw(5, 0.1, 0.0).test.size(), 1u);    // the binary64 0.1 is a little more: 0.5000...
  EXPECT_EQ(draw(1797, 0.2, 0.1).test.size(), 359u);
  EXPECT_EQ(draw(1797, 0.2, 0.1).validation.size(), 180u);
  EXPECT_THAT(draw(3, 0.0, 0.0).test, IsEmpty());
}

TEST(Split, TheSeedDecidesAndNothingElse) {
  EXPECT_EQ(draw(100, 0.2, 0.1, 1).test, draw(100, 0.2, 0.1, 1).test);
  EXPECT_NE(draw(100, 0.2, 0.1, 1).test, draw(100, 0.2, 0.1, 2).test);
  // Test rows do not depend on how the others are divided.
  EXPECT_EQ(draw(100, 0.2, 0.1).test, draw(100, 0.2, 0.4).test);
}

TEST(Split, MatchesTheIndependentOracle) {
  for (const auto& answer : reprotrain::testing::known_answers("split.kat", "split")) {
    const int64_t n = std::stoll(answer.inputs[0]);
    SplitConfig config = fractions(std::stod(answer.inputs[1]), std::stod(answer.inputs[2]));
    const uint64_t seed = std::stoull(answer.inputs[3]);
    const int32_t n_classes = std::stoi(answer.inputs[4]);  // 0: not stratified
    config.stratify = n_classes > 0;
    std::vector<int32_t> classes;
    for (int64_t row = 0; n_classes > 0 && row < n; ++row) {
      classes.push_back(static_cast<int32_t>(row * row % 7919 % n_classes));
    }
    const Split split = draw_split(config, rows(n), classes, seed);
    std::string parts(static_cast<size_t>(n), 'a');
    for (const int64_t row : split.validation) parts[static_cast<size_t>(row)] = 'v';
    for (const int64_t row : split.test) parts[static_cast<size_t>(row)] = 't';
    EXPECT_EQ(parts, answer.outputs[0]) << answer.line;
  }
}

TEST(Split, StratifiedPartsHaveTheirShareOfEveryClass) {
  std::vector<int32_t> classes;
  for (int i = 0; i < 1000; ++i) classes.push_back(i % 10 == 0 ? 1 : i % 10 < 4 ? 2 : 0);
  const Split split = draw_split(fractions(0.2, 0.1, true), rows(1000), classes, 3);
  EXPECT_THAT(count_classes(split.test, classes, 3), ElementsAre(120, 20, 60));
  EXPECT_THAT(count_classes(split.validation, classes, 3), ElementsAre(60, 10, 30));
}

TEST(Split, RemaindersGoToTheLargestAndThenToTheSmallestCode) {
  // 7 test rows over sizes 5, 5, 4: quotas 2.5, 2.5, 2: the first of the two equal remainders wins.
  const std::vector<int32_t> classes = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2};
  const Split split = draw_split(fractions(0.5, 0.0, true), rows(14), classes, 11);
  EXPECT_THAT(count_classes(split.test, classes, 3), ElementsAre(3, 2, 2));
}

TEST(Split, ClassesOfOneRowAreNeverDealtTwice) {
  std::vector<int32_t> classes;
  for (int32_t i = 0; i < 40; ++i) classes.push_back(i);
  const Split split = draw_split(fractions(0.45, 0.45, true), rows(40), classes, 5);
  EXPECT_EQ(split.test.size(), 18u);
  EXPECT_EQ(split.validation.size(), 18u);
  EXPECT_EQ(split.train.size(), 4u);
}

TEST(Split, AColumnDecidesByItsWords) {
  Table table = rows(4);
  Column& column = table.columns.emplace_back();
  column.name = "part";
  column.kind = ColumnKind::kCategorical;
  column.categories = {"test", "train", "validation"};
  column.codes = {1, 0, 2, 1};
  SplitConfig config;
  config.column = "part";
  const Split split = draw_split(config, table, {}, 0);
  EXPECT_THAT(split.train, ElementsAre(0, 3));
  EXPECT_THAT(split.test, ElementsAre(1));
  EXPECT_THAT(split.validation, ElementsAre(2));

  const auto error = [&] { return error_of([&] { draw_split(config, table, {}, 0); }); };
  table.columns[0].codes[2] = kMissingCode;
  EXPECT_THAT(error(), HasSubstr("\"part\" is missing in row 2"));
  table.columns[0].categories[2] = "dev";
  EXPECT_THAT(error(), HasSubstr("holds \"dev\""));
  config.column = "prat";
  EXPECT_THAT(error(), HasSubstr("did you mean \"part\"?"));
}

TEST(Split, EmptyPartsAndMissingClassesAreRefused) {
  EXPECT_THAT(error_of([] { draw(2, 0.2, 0.0); }), HasSubstr("none is left for the part test"));
  EXPECT_THAT(error_of([] { draw(2, 0.9, 0.0); }), HasSubstr("none is left for the part train"));
  EXPECT_THAT(error_of([] { draw(9, 0.5, 0.5); }), HasSubstr("sum to less than 1"));
  EXPECT_THAT(error_of([] { draw_split(fractions(0.5, 0, true), rows(4), {}, 0); }),
              HasSubstr("/data/split/stratify"));
  const std::vector<int32_t> classes = {0, -1, 0, 1};
  EXPECT_THAT(error_of([&] { draw_split(fractions(0.5, 0, true), rows(4), classes, 0); }),
              HasSubstr("missing in row 1"));
}

}  // namespace
}  // namespace reprotrain::engine
