// SPDX-License-Identifier: Apache-2.0
// Each transform on tables small enough to check by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/features/feature_plan.h"
#include "kernels/base/float_bits.h"
#include "kernels/conformance/test_values.h"
#include "tests/engine/features/example_table.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/error_text.h"

namespace reprotrain::engine {
namespace {

using kernels::SerialParallel;
using reprotrain::testing::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Table table_of(std::vector<Column> columns, int64_t n_rows) {
  Table table;
  table.n_rows = n_rows;
  table.columns = std::move(columns);
  return table;
}

// Fits on the first n_train rows and transforms all.
Table fit(const TransformConfig& config, Table table, int64_t n_train) {
  FeaturePlan::fit(std::vector{config}, table, first_rows(n_train), {}, SerialParallel());
  return table;
}

std::string fit_error(const TransformConfig& config, const Table& table, int64_t n_train) {
  return error_of([&] { fit(config, table, n_train); });
}

std::vector<std::string> texts_of(const Column& column) {
  std::vector<std::string> texts;
  for (const int32_t code : column.codes) {
    texts.push_back(code < 0 ? "" : column.categories[static_cast<size_t>(code)]);
  }
  return texts;
}

TransformConfig impute(ImputeStrategy strategy, const std::string& column) {
  TransformConfig config = transform("impute", {column});
  config.strategy = strategy;
  return config;
}

/// The column of a known answer, transformed: family, rows, training rows.
std::vector<float> fitted_column(const TransformConfig& config,
                                 const std::vector<std::string>& inputs) {
  const uint64_t n = reprotrain::testing::from_decimal(inputs[1]);
  std::vector<float> values;
  for (uint64_t i = 0; i < n; ++i) {
    const bool is_missing = i > 0 && kernels::mixed_word((uint64_t{3} << 20) + i) % 4 == 0;
    values.push_back(is_missing ? kNaN : kernels::element(inputs[0], i));
  }
  const auto n_train = static_cast<int64_t>(reprotrain::testing::from_decimal(inputs[2]));
  return fit(config, table_of({numeric_column("a", values)}, static_cast<int64_t>(n)), n_train)
      .columns[0]
      .values;
}

TEST(Transforms, FittedOnAColumnGiveTheOraclesBits) {
  TransformConfig min_max = transform("min_max", {"a"});
  min_max.numbers = {{"low", -0.5}, {"high", 3.0}};
  const std::pair<std::string, TransformConfig> transforms[] = {
      {"standardize", transform("standardize", {"a"})},
      {"min_max", min_max},
      {"impute_mean", impute(ImputeStrategy::kMean, "a")},
      {"impute_median", impute(ImputeStrategy::kMedian, "a")},
      {"impute_most_frequent", impute(ImputeStrategy::kMostFrequent, "a")}};
  for (const auto& [name, config] : transforms) {
    for (const auto& known : reprotrain::testing::known_answers("feature.kat", "fitted_" + name)) {
      EXPECT_EQ(reprotrain::testing::bit_patterns(fitted_column(config, known.inputs)),
                reprotrain::testing::bit_patterns(known.outputs))
          << known.line.substr(0, 60);
    }
  }
}

TEST(Standardize, UsesTheTrainingRowsOnlyAndKeepsMissingValues) {
  const Table table =
      fit(transform("standardize", {"a"}),
          table_of({numeric_column("a", {2, 4, 4, 4, 5, 5, 7, 9, 11, kNaN})}, 10), 8);
  const std::vector<float>& values = table.columns[0].values;  // mean 5, deviation 2
  EXPECT_EQ(values[0], -1.5f);
  EXPECT_EQ(values[7], 2.0f);
  EXPECT_EQ(values[8], 3.0f);
  EXPECT_EQ(kernels::bits_of(values[9]), 0x7fc00000u);
}

TEST(Standardize, AConstantColumnBecomesZero) {
  const Table table =
      fit(transform("standardize", {"a"}), table_of({numeric_column("a", {3, 3, 5})}, 3), 2);
  EXPECT_THAT(table.columns[0].values, ElementsAre(0, 0, 2));
}

TEST(Standardize, TreatsEachElementOfABlockAlone) {
  const Table table = fit(transform("standardize", {"p"}),
                          table_of({numeric_column("p", {0, 100, 2, 300}, {2})}, 2), 2);
  EXPECT_THAT(table.columns[0].values, ElementsAre(-1, -1, 1, 1));
}

TEST(MinMax, MapsTheTrainingRangeToTheGivenOne) {
  TransformConfig config = transform("min_max", {"a"});
  const Table source = table_of({numeric_column("a", {2, 6, 4, 10, kNaN})}, 5);
  Table table = fit(config, source, 3);
  EXPECT_EQ(table.columns[0].values[0], 0.0f);
  EXPECT_EQ(table.columns[0].values[1], 1.0f);
  EXPECT_EQ(table.columns[0].values[2], 0.5f);
  EXPECT_EQ(table.columns[0].values[3], 2.0f);
  EXPECT_TRUE(kernels::is_nan(table.columns[0].values[4]));
  config.numbers = {{"low", -1.0}, {"high", 3.0}};
  table = fit(config, source, 3);
  EXPECT_EQ(table.columns[0].values[0], -1.0f);
  EXPECT_EQ(table.columns[0].values[2], 1.0f);
  table = fit(config, table_of({numeric_column("a", {5, 5})}, 2), 2);
  EXPECT_THAT(table.columns[0].values, ElementsAre(-1, -1));
}

TEST(Clip, BoundsValuesAndInfinities) {
  TransformConfig config = transform("clip", {"a"});
  config.numbers = {{"low", -1.5}, {"high", 2.0}};
  const Table table = fit(
      config, table_of({numeric_column("a", {-2, -1.5, 0, 2, 3, kInfinity, -kInfinity})}, 7), 1);
  EXPECT_THAT(table.columns[0].values, ElementsAre(-1.5f, -1.5f, 0, 2, 2, 2, -1.5f));
  config.numbers.erase("high");
  EXPECT_THAT(fit_error(config, table, 1), HasSubstr("clip needs the number \"high\""));
}

TEST(Log1p, RefusesWhatHasNoLogarithmByColumnAndRow) {
  const Table table =
      fit(transform("log1p", {"a"}), table_of({numeric_column("a", {0, 1, kNaN})}, 3), 1);
  EXPECT_EQ(table.columns[0].values[0], 0.0f);
  EXPECT_EQ(kernels::bits_of(table.columns[0].values[1]), 0x3f317218u);
  EXPECT_EQ(fit_error(transform("log1p", {"p"}),
                      table_of({numeric_column("p", {1, -0.5f, -0.9f, 3, -1, -7.25f}, {2})}, 3), 1),
            "log1p: column \"p[0]\", row 2 (counted from 0): has no finite result for -1; clip or "
            "correct the column first");
}

TEST(Elementwise, TrainingRowsMustHoldFiniteValues) {
  EXPECT_THAT(fit_error(transform("standardize", {"a"}),
                        table_of({numeric_column("a", {kNaN, kNaN, 1})}, 3), 2),
              HasSubstr("/features/0: column \"a\" has no value in the training rows"));
  EXPECT_THAT(
      fit_error(transform("min_max", {"a"}), table_of({numeric_column("a", {1, kInfinity})}, 2), 2),
      HasSubstr("column \"a\" holds an infinity"));
  EXPECT_THAT(fit_error(transform("standardize", {"a"}),
                        table_of({numeric_column("a", {0, 1e-20f, 3e38f})}, 3), 2),
              HasSubstr("column \"a\", row 2 (counted from 0): has no finite result for 3e+38"));
}

TEST(Impute, EveryStrategyOnNumbers) {
  const Table source = table_of({numeric_column("a", {1, kNaN, 2, 2, 7, 100, kNaN})}, 7);
  const auto filled = [&](TransformConfig config) {
    return fit(config, source, 5).columns[0].values[1];
  };
  EXPECT_EQ(filled(impute(ImputeStrategy::kMean, "a")), 3.0f);
  EXPECT_EQ(filled(impute(ImputeStrategy::kMedian, "a")), 2.0f);
  EXPECT_EQ(filled(impute(ImputeStrategy::kMostFrequent, "a")), 2.0f);
  TransformConfig constant = impute(ImputeStrategy::kConstant, "a");
  EXPECT_THAT(fit_error(constant, source, 5), HasSubstr("needs a number \"value\""));
  constant.numbers["value"] = -1.0;
  EXPECT_EQ(filled(constant), -1.0f);
}

TEST(Impute, EveryStrategyOnTexts) {
  const Table source =
      table_of({categorical_column("c", {"x", "", "b", "a", "b", "a", "z", "z", "z"})}, 9);
  EXPECT_THAT(texts_of(fit(impute(ImputeStrategy::kMostFrequent, "c"), source, 6).columns[0]),
              ElementsAre("x", "a", "b", "a", "b", "a", "z", "z", "z"));
  TransformConfig constant = impute(ImputeStrategy::kConstant, "c");
  constant.texts["value"] = "none";
  EXPECT_THAT(texts_of(fit(constant, source, 6).columns[0]),
              ElementsAre("x", "none", "b", "a", "b", "a", "z", "z", "z"));
  EXPECT_THAT(fit_error(impute(ImputeStrategy::kMean, "c"), source, 6),
              HasSubstr("column \"c\" is categorical and has no mean"));
}

TEST(Impute, IndicatorsStandRightAfterTheirColumns) {
  TransformConfig config = transform("impute", {"c", "a", "p"});
  config.strategy = ImputeStrategy::kMostFrequent;
  config.indicator = true;
  const Table table = fit(config,
                          table_of({numeric_column("a", {1, 2}), categorical_column("c", {"", "y"}),
                                    numeric_column("p", {1, 2, kNaN, 4}, {2})},
                                   2),
                          2);
  ASSERT_EQ(table.columns.size(), 6u);
  EXPECT_EQ(table.columns[1].name, "a_missing");
  EXPECT_THAT(table.columns[1].values, ElementsAre(0, 0));
  EXPECT_EQ(table.columns[3].name, "c_missing");
  EXPECT_THAT(table.columns[3].values, ElementsAre(1, 0));
  EXPECT_EQ(table.columns[5].element_name(1), "p[1]_missing");
  EXPECT_THAT(table.columns[5].values, ElementsAre(0, 0, 1, 0));
  EXPECT_THAT(table.columns[4].values, ElementsAre(1, 2, 1, 4));
}

TEST(Impute, ColumnsWithoutTrainingValuesAndTakenNamesAreRefused) {
  const Table empty =
      table_of({numeric_column("a", {kNaN, 1}), categorical_column("c", {"", "x"})}, 2);
  EXPECT_THAT(fit_error(impute(ImputeStrategy::kMean, "a"), empty, 1),
              HasSubstr("column \"a\" has no value in the training rows"));
  EXPECT_THAT(fit_error(impute(ImputeStrategy::kMostFrequent, "c"), empty, 1),
              HasSubstr("column \"c\" has no value in the training rows"));
  TransformConfig config = impute(ImputeStrategy::kMean, "a");
  config.indicator = true;
  EXPECT_THAT(
      fit_error(config, table_of({numeric_column("a", {1}), numeric_column("a_missing", {1})}, 1),
                1),
      HasSubstr("would add a column \"a_missing\""));
}

TEST(OneHot, MakesAColumnForEachCategoryOfTheTrainingRows) {
  const Table source = table_of({categorical_column("c", {"b", "a", "B", "a", "\xc3\xa9"})}, 5);
  TransformConfig config = transform("one_hot", {"c"});
  EXPECT_THAT(
      fit_error(config, source, 4),
      HasSubstr("one_hot: column \"c\", row 4 (counted from 0): has the category \"\xc3\xa9\""));
  config.unseen = UnseenPolicy::kIgnore;
  Table table = fit(config, source, 4);
  ASSERT_EQ(table.columns.size(), 3u);
  EXPECT_EQ(table.columns[0].name, "c=B");
  EXPECT_THAT(table.columns[0].values, ElementsAre(0, 0, 1, 0, 0));
  EXPECT_THAT(table.columns[1].values, ElementsAre(0, 1, 0, 1, 0));
  EXPECT_THAT(table.columns[2].values, ElementsAre(1, 0, 0, 0, 0));
  config.unseen = UnseenPolicy::kOther;
  table = fit(config, source, 4);
  ASSERT_EQ(table.columns.size(), 4u);
  EXPECT_EQ(table.columns[3].name, "c=other");
  EXPECT_THAT(table.columns[3].values, ElementsAre(0, 0, 0, 0, 1));
}

TEST(OneHot, MissingValuesAndNameClashesAreRefused) {
  TransformConfig config = transform("one_hot", {"c"});
  config.unseen = UnseenPolicy::kIgnore;
  EXPECT_THAT(fit_error(config, table_of({categorical_column("c", {"a", ""})}, 2), 1),
              HasSubstr("one_hot: column \"c\", row 1 (counted from 0): is missing; put impute"));
  EXPECT_THAT(
      fit_error(config, table_of({categorical_column("c", {"a"}), numeric_column("c=a", {1})}, 1),
                1),
      HasSubstr("would add a column \"c=a\""));
  config.unseen = UnseenPolicy::kOther;
  EXPECT_THAT(fit_error(config, table_of({categorical_column("c", {"other"})}, 1), 1),
              HasSubstr("has a category \"other\" already"));
  std::vector<std::string> many;
  for (int i = 0; i < 4097; ++i) many.push_back(std::to_string(i));
  EXPECT_THAT(fit_error(config, table_of({categorical_column("c", many)}, 4097), 4097),
              HasSubstr("has 4097 categories"));
}

TEST(Ordinal, NumbersTheCategoriesInByteOrder) {
  const Table source = table_of({categorical_column("c", {"b", "a", "10", "9", "zz"})}, 5);
  TransformConfig config = transform("ordinal", {"c"});
  EXPECT_THAT(fit_error(config, source, 4), HasSubstr("has the category \"zz\""));
  config.unseen = UnseenPolicy::kOther;
  EXPECT_THAT(fit(config, source, 4).columns[0].values, ElementsAre(3, 2, 0, 1, 4));
  config.unseen = UnseenPolicy::kIgnore;
  EXPECT_THAT(fit_error(config, source, 4), HasSubstr("/features/0/unseen: ordinal cannot ignore"));
}

TEST(Columns, CanBeChosenByKind) {
  Table table = table_of({numeric_column("a", {2, 4}), categorical_column("c", {"x", "y"}),
                          numeric_column("b", {1, 3})},
                         2);
  TransformConfig config = transform("standardize", {});
  config.columns.rule = ColumnSelection::Rule::kAllNumeric;
  table = fit(config, table, 2);
  EXPECT_THAT(table.columns[2].values, ElementsAre(-1, 1));
  config = transform("ordinal", {});
  config.columns.rule = ColumnSelection::Rule::kAllCategorical;
  table = fit(config, table, 2);
  EXPECT_THAT(table.columns[1].values, ElementsAre(0, 1));
  config = transform("standardize", {});
  config.columns.rule = ColumnSelection::Rule::kAll;
  EXPECT_THAT(fit(config, table, 2).columns[1].values, ElementsAre(-1, 1));
}

}  // namespace
}  // namespace reprotrain::engine
