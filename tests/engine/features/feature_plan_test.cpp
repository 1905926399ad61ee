// SPDX-License-Identifier: Apache-2.0
#include "engine/features/feature_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "engine/device/cpu_threads.h"
#include "engine/features/transform_list.h"
#include "kernels/base/float_bits.h"
#include "tests/engine/features/example_table.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/error_text.h"

namespace reprotrain::engine {
namespace {

using kernels::SerialParallel;
using reprotrain::testing::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  return names;
}

FeatureMatrix fit_matrix(const std::vector<TransformConfig>& configs, Table table,
                         const kernels::Parallel& parallel = SerialParallel(),
                         FeaturePlan* plan = nullptr) {
  const std::vector<int64_t> rows = first_rows(table.n_rows * 3 / 4);
  FeaturePlan fitted = FeaturePlan::fit(configs, table, rows, {}, parallel);
  if (plan != nullptr) *plan = std::move(fitted);
  return FeaturePlan::to_matrix(std::move(table));
}

std::vector<uint32_t> bits_of_matrix(const FeatureMatrix& matrix) {
  std::vector<uint32_t> bits;
  for (const float value : matrix.values) bits.push_back(kernels::bits_of(value));
  return bits;
}

// Every transform of the list once.
std::vector<TransformConfig> everything() {
  TransformConfig impute = transform("impute", {"amount", "color", "pixels"});
  impute.strategy = ImputeStrategy::kMostFrequent;
  impute.indicator = true;
  TransformConfig clip = transform("clip", {"amount"});
  clip.numbers = {{"low", 0.0}, {"high", 400.0}};
  TransformConfig one_hot = transform("one_hot", {"color"});
  one_hot.unseen = UnseenPolicy::kOther;
  TransformConfig ordinal = transform("ordinal", {"size"});
  ordinal.unseen = UnseenPolicy::kOther;
  return {transform("drop", {"comment"}),
          impute,
          clip,
          transform("log1p", {"amount"}),
          one_hot,
          ordinal,
          transform("min_max", {"pixels"}),
          transform("standardize", {"amount", "weight"}),
          transform("select", {"amount", "pixels", "weight", "size", "color=red", "color=other",
                               "amount_missing"})};
}

TEST(FeaturePlan, TheTestsUseEveryTransformOfTheList) {
  for (const TransformEntry& entry : transform_list()) {
    const auto all = everything();
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const TransformConfig& config) {
      return config.op == entry.op;
    })) << entry.op;
  }
}

TEST(FeaturePlan, ColumnsKeepTheirPlaces) {
  Table table = example_table(40);
  const auto rows = first_rows(30);
  TransformConfig impute = transform("impute", {"amount", "color"});
  impute.strategy = ImputeStrategy::kMostFrequent;
  impute.indicator = true;
  const std::vector<TransformConfig> configs = {impute, transform("one_hot", {"color"}),
                                                transform("ordinal", {"size"})};
  FeaturePlan::fit(configs, table, rows, std::vector<std::string>{"comment"}, SerialParallel());
  EXPECT_THAT(names_of(table),
              ElementsAre("amount", "amount_missing", "color=blue", "color=green", "color=red",
                          "color_missing", "pixels", "size", "weight"));
}

TEST(FeaturePlan, MatrixNamesAndValuesFollowTheColumns) {
  Table table;
  table.n_rows = 2;
  table.columns = {numeric_column("a", {1, 2}), numeric_column("b", {3, 4, 5, 6}, {2}),
                   numeric_column("c", {7, 8})};
  const FeatureMatrix matrix = FeaturePlan::to_matrix(std::move(table));
  EXPECT_THAT(matrix.names, ElementsAre("a", "b[0]", "b[1]", "c"));
  EXPECT_THAT(matrix.values, ElementsAre(1, 3, 4, 7, 2, 5, 6, 8));
}

TEST(FeaturePlan, LargeMatricesSurviveTheGivingBackOfMemory) {
  for (int64_t n_rows : {0, 1, 31, 33, 1023, 1025, 4095, 4096, 4097, 65537}) {
    Table table;
    table.n_rows = n_rows;
    for (int64_t c = 0; c < 5; ++c) {
      std::vector<float> values(static_cast<size_t>(n_rows * (c == 2 ? 3 : 1)));
      std::iota(values.begin(), values.end(), static_cast<float>(c) * 1000000.0f);
      table.columns.push_back(
          numeric_column("c" + std::to_string(c), values,
                         c == 2 ? std::vector<int64_t>{3} : std::vector<int64_t>{}));
    }
    const Table copy = table;
    const FeatureMatrix matrix = FeaturePlan::to_matrix(std::move(table));
    ASSERT_EQ(matrix.values.size(), static_cast<size_t>(n_rows * 7));
    for (int64_t row = 0; row < n_rows; ++row) {
      const float* const values = matrix.values.data() + row * 7;
      const auto r = static_cast<size_t>(row);
      ASSERT_EQ(values[0], copy.columns[0].values[r]);
      ASSERT_EQ(values[1], copy.columns[1].values[r]);
      ASSERT_EQ(values[3], copy.columns[2].values[r * 3 + 1]);
      ASSERT_EQ(values[6], copy.columns[4].values[r]);
    }
  }
}

TEST(FeaturePlan, ThreadsAndCutsDoNotShow) {
  const auto expected = bits_of_matrix(fit_matrix(everything(), example_table(1025)));
  for (int n_threads : {1, 2, 7}) {
    EXPECT_EQ(bits_of_matrix(fit_matrix(everything(), example_table(1025), CpuThreads(n_threads))),
              expected);
  }
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const reprotrain::testing::AdversarialParallel parallel(seed);
    EXPECT_EQ(bits_of_matrix(fit_matrix(everything(), example_table(1025), parallel)), expected);
  }
}

TEST(FeaturePlan, TheOrderOfTrainingRowsDoesNotReachTheFittedState) {
  const auto state_of = [](std::vector<int64_t> rows) {
    Table table = example_table(500);
    Hdf5Node group;
    FeaturePlan::fit(everything(), table, rows, {}, SerialParallel()).save(group);
    return group;
  };
  std::vector<int64_t> rows = first_rows(400);
  const Hdf5Node expected = state_of(rows);
  std::reverse(rows.begin(), rows.end());
  expect_equal_trees(state_of(rows), expected);
  std::rotate(rows.begin(), rows.begin() + 123, rows.end());
  expect_equal_trees(state_of(rows), expected);
}

TEST(FeaturePlan, RowsThatDoNotTrainDoNotReachTheFittedState) {
  const auto state_of = [](const Table& original) {
    Table table = original;
    Hdf5Node group;
    FeaturePlan::fit(everything(), table, first_rows(60), {}, SerialParallel()).save(group);
    return group;
  };
  Table table = example_table(80);
  const Hdf5Node expected = state_of(table);
  for (Column& column : table.columns) {
    for (size_t row = 60; row < 80; ++row) {
      if (column.kind == ColumnKind::kCategorical) {
        column.codes[row] = 0;
      } else {
        for (int64_t i = 0; i < column.width(); ++i) {
          column.values[row * static_cast<size_t>(column.width()) + static_cast<size_t>(i)] = 399;
        }
      }
    }
  }
  expect_equal_trees(state_of(table), expected);
}

TEST(FeaturePlan, AppliedToTheSameTableItGivesTheTrainingMatrix) {
  FeaturePlan plan;
  const auto expected =
      bits_of_matrix(fit_matrix(everything(), example_table(257), SerialParallel(), &plan));
  Table table = example_table(257);
  std::reverse(table.columns.begin(), table.columns.end());  // another order, and one column more
  table.columns.push_back(numeric_column("extra", std::vector<float>(257)));
  table.columns.erase(table.columns.begin() + table.find("comment"));  // dropped unread: not needed
  plan.apply(table, SerialParallel());
  EXPECT_EQ(bits_of_matrix(FeaturePlan::to_matrix(std::move(table))), expected);
}

TEST(FeaturePlan, RowsAreTransformedOneByOne) {
  FeaturePlan plan;
  const FeatureMatrix all = fit_matrix(everything(), example_table(64), SerialParallel(), &plan);
  for (int64_t row : {0, 17, 63}) {
    Table one = example_row(row);
    plan.apply(one, SerialParallel());
    const FeatureMatrix matrix = FeaturePlan::to_matrix(std::move(one));
    const float* const expected = all.values.data() + row * all.n_features();
    ASSERT_EQ(matrix.names, all.names);
    for (size_t i = 0; i < matrix.values.size(); ++i) {
      EXPECT_EQ(kernels::bits_of(matrix.values[i]), kernels::bits_of(expected[i]));
    }
  }
}

TEST(FeaturePlan, StateSurvivesSavingAndLoadingToTheBit) {
  FeaturePlan plan;
  const auto expected =
      bits_of_matrix(fit_matrix(everything(), example_table(257), SerialParallel(), &plan));
  Hdf5Node group;
  plan.save(group);
  const FeaturePlan loaded = FeaturePlan::load(group);
  Hdf5Node again;
  loaded.save(again);
  expect_equal_trees(again, group);
  EXPECT_EQ(loaded.input_kinds(), plan.input_kinds());
  Table table = example_table(257);
  loaded.apply(table, SerialParallel());
  EXPECT_EQ(bits_of_matrix(FeaturePlan::to_matrix(std::move(table))), expected);
}

// Removes or retypes every part of a stored plan in turn: loading either works or says what is
// wrong.
void damage_every_node(Hdf5Node& root, Hdf5Node& node, int& n_refused) {
  const auto attempt = [&] {
    try {
      const FeaturePlan plan = FeaturePlan::load(root);
      Table table = example_table(20);
      plan.apply(table, SerialParallel());
    } catch (const Error&) {
      ++n_refused;
    }
  };
  for (auto& [name, attribute] : node.attributes) {
    const Array original = attribute;
    attribute = Array::scalar(0.5);
    attempt();
    attribute = Array::scalar(std::string("nonsense"));
    attempt();
    attribute = Array::scalar(int64_t{1000000});
    attempt();
    attribute = original;
  }
  for (auto& [name, child] : node.children) {
    const Hdf5Node original = child;
    child = Hdf5Node{};
    attempt();
    child = original;
    if (child.is_dataset) {
      child.array = Array::of(std::vector<std::string>{"z", "a"});
      attempt();
      child.array = Array::of(std::vector<int64_t>{-1, int64_t{1} << 60}, {2});
      attempt();
      child = original;
    }
    damage_every_node(root, child, n_refused);
  }
}

TEST(FeaturePlan, DamagedStatesAreRefusedAndNeverCrash) {
  FeaturePlan plan;
  fit_matrix(everything(), example_table(64), SerialParallel(), &plan);
  Hdf5Node group;
  plan.save(group);
  int n_refused = 0;
  damage_every_node(group, group, n_refused);
  EXPECT_GT(n_refused, 150);
}

TEST(FeaturePlan, UnknownColumnsAndOpsComeWithPointerAndGuess) {
  Table table = example_table(20);
  const auto error = [&](const TransformConfig& config) {
    return error_of([&] {
      Table copy = table;
      TransformConfig third = config;
      third.config_pointer = "/features/2";
      FeaturePlan::fit(std::vector{third}, copy, first_rows(10), {}, SerialParallel());
    });
  };
  EXPECT_EQ(error(transform("standardize", {"weight", "amont"})),
            "/features/2/columns/1: the data has no column \"amont\"; did you mean \"amount\"?");
  EXPECT_THAT(error(transform("standardize", {"weight", "weight"})),
              HasSubstr("/features/2/columns/1: names column \"weight\" a second time"));
  EXPECT_THAT(error(transform("standardise", {"weight"})),
              HasSubstr("/features/2/op: there is no transform \"standardise\"; did you mean "
                        "\"standardize\"?"));
  EXPECT_THAT(error(transform("standardize", {"weight", "color"})),
              HasSubstr("/features/2/columns/1: standardize works on numeric columns and \"color\" "
                        "is categorical"));
  EXPECT_THAT(error(transform("one_hot", {"weight"})),
              HasSubstr("one_hot works on categorical columns"));
}

TEST(FeaturePlan, WhatIsLeftMustBeFiniteNumbers) {
  const auto error = [](std::vector<Column> columns) {
    Table table;
    table.n_rows = 2;
    table.columns = std::move(columns);
    return error_of([&] { FeaturePlan::to_matrix(std::move(table)); });
  };
  EXPECT_THAT(error({categorical_column("color", {"red", "blue"})}),
              HasSubstr("column \"color\" is categorical and a model needs numbers; add one_hot"));
  EXPECT_THAT(error({numeric_column("a", {1, kNaN})}),
              HasSubstr("column \"a\", row 1 (counted from 0): the value is missing; add impute"));
  EXPECT_THAT(error({numeric_column("p", {1, 2, kInfinity, 4, 5, kNaN}, {3})}),
              HasSubstr("column \"p[2]\", row 0 (counted from 0): the value is infinite"));
}

TEST(FeaturePlan, AnotherTableMustHaveTheFormOfTheTrainingData) {
  FeaturePlan plan;
  fit_matrix(everything(), example_table(64), SerialParallel(), &plan);
  const auto error = [&](const auto& change) {
    Table table = example_table(8);
    change(table);
    return error_of([&] { plan.apply(table, SerialParallel()); });
  };
  EXPECT_THAT(error([](Table& t) { t.columns.erase(t.columns.begin()); }),
              HasSubstr("the data has no column \"amount\""));
  EXPECT_THAT(error([](Table& t) {
                t.columns[static_cast<size_t>(t.find("size"))] =
                    numeric_column("size", std::vector<float>(8));
              }),
              HasSubstr("column \"size\" is numeric, but was categorical"));
  EXPECT_THAT(
      error([](Table& t) {
        t.columns[static_cast<size_t>(t.find("pixels"))] =
            numeric_column("pixels", std::vector<float>(24), {3});
      }),
      HasSubstr("column \"pixels\" is numeric of shape (3), but was numeric of shape (2, 2)"));
}

}  // namespace
}  // namespace reprotrain::engine
