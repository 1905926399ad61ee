// SPDX-License-Identifier: Apache-2.0
#include "engine/train/targets.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "include/reprotrain/error.h"
#include "kernels/conformance/test_values.h"
#include "tests/support/bit_patterns.h"

namespace reprotrain::engine {
namespace {

Table table_of(std::vector<float> values) {
  Column column;
  column.name = "y";
  column.values = std::move(values);
  const auto n_rows = static_cast<int64_t>(column.values.size());
  return {n_rows, {column}};
}

Table table_of_texts(std::vector<int32_t> codes, std::vector<std::string> categories) {
  Column column;
  column.name = "y";
  column.kind = ColumnKind::kCategorical;
  column.codes = std::move(codes);
  column.categories = std::move(categories);
  const auto n_rows = static_cast<int64_t>(column.codes.size());
  return {n_rows, {column}};
}

std::string refusal(const Table& table, LossKind loss) {
  try {
    read_target(table, "y", loss);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ReadTarget, NumericClassesAscendAsNumbers) {
  const Target target =
      read_target(table_of({10, 2, -1, 10, 0, -0.0f}), "y", LossKind::kCrossEntropy);

  EXPECT_EQ(target.classes, (std::vector<std::string>{"-1", "0", "2", "10"}));
  EXPECT_EQ(target.class_of_row, (std::vector<int32_t>{3, 2, 0, 3, 1, 1}));
  EXPECT_EQ(target.n_outputs(), 4);
}

TEST(ReadTarget, UnusedCategoriesAreNoClasses) {
  const Target target =
      read_target(table_of_texts({2, 0, 2}, {"a", "b", "c"}), "y", LossKind::kBinaryCrossEntropy);

  EXPECT_EQ(target.classes, (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(target.class_of_row, (std::vector<int32_t>{1, 0, 1}));
  EXPECT_EQ(target.n_outputs(), 1);
}

TEST(ReadTarget, UnfitTargetsAreRefusedWithTheirPlace) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(refusal(table_of({1, nan}), LossKind::kMse).find("row 1 (counted from 0)"),
            std::string::npos);
  EXPECT_NE(refusal(table_of({1, INFINITY}), LossKind::kMse).find("infinite in row 1"),
            std::string::npos);
  EXPECT_NE(refusal(table_of({1, 1}), LossKind::kCrossEntropy).find("only the class \"1\""),
            std::string::npos);
  EXPECT_NE(refusal(table_of({1, 2, 3}), LossKind::kBinaryCrossEntropy).find("has 3 classes"),
            std::string::npos);
  EXPECT_NE(refusal(table_of({1, 2.5f}), LossKind::kCrossEntropy).find("2.5 in row 1"),
            std::string::npos);
  EXPECT_NE(refusal(table_of_texts({0, kMissingCode}, {"a"}), LossKind::kCrossEntropy)
                .find("row 1 (counted from 0)"),
            std::string::npos);
  EXPECT_NE(refusal(table_of_texts({0, 1}, {"a", "b"}), LossKind::kMse).find("is not numeric"),
            std::string::npos);
}

TEST(TargetScale, IsFittedOnTrainingRowsOnly) {
  Target target = read_target(table_of({1, 3, 1000}), "y", LossKind::kMse);

  fit_target_scale(target, TargetTransform::kStandardize, std::vector<int64_t>{0, 1});

  EXPECT_EQ(target.scale.mean, 2.0);
  EXPECT_EQ(target.scale.deviation, 1.0);
  EXPECT_EQ(scaled_values(target), (std::vector<float>{-1, 1, 998}));
  EXPECT_EQ(unscaled(target.scale, 998.0f), 1000.0f);
}

TEST(TargetScale, GivesTheOraclesBits) {
  for (const auto& known : testing::known_answers("training.kat", "target_scale")) {
    SCOPED_TRACE(known.line.substr(0, 60));
    const size_t n = testing::from_decimal(known.inputs[1]);
    std::vector<float> values, results;
    for (uint64_t i = 0; i < n; ++i) values.push_back(kernels::element(known.inputs[0], i));
    Target target = read_target(table_of(values), "y", LossKind::kMse);
    std::vector<int64_t> train_rows(testing::from_decimal(known.inputs[2]));
    std::iota(train_rows.begin(), train_rows.end(), int64_t{0});

    fit_target_scale(target, TargetTransform::kStandardize, train_rows);

    results = scaled_values(target);
    for (uint64_t i = 0; i < n; ++i) {
      results.push_back(
          unscaled(target.scale, kernels::element(known.inputs[0], (uint64_t{1} << 20) + i)));
    }
    EXPECT_EQ(kernels::bits_of(target.scale.mean), testing::from_hex(known.outputs[0]));
    EXPECT_EQ(kernels::bits_of(target.scale.deviation), testing::from_hex(known.outputs[1]));
    EXPECT_EQ(testing::bit_patterns(results),
              testing::bit_patterns({known.outputs.begin() + 2, known.outputs.end()}));
  }
}

TEST(ClassWeights, GivesTheOraclesBits) {
  LossConfig loss;
  loss.class_weights = ClassWeightRule::kBalanced;
  for (const auto& known : testing::known_answers("training.kat", "class_weights")) {
    std::vector<float> values;
    for (size_t c = 0; c < known.inputs.size(); ++c) {
      values.insert(values.end(), testing::from_decimal(known.inputs[c]), static_cast<float>(c));
    }
    const Target target = read_target(table_of(values), "y", LossKind::kCrossEntropy);
    std::vector<int64_t> train_rows(values.size());
    std::iota(train_rows.begin(), train_rows.end(), int64_t{0});
    EXPECT_EQ(testing::bit_patterns(class_weights(loss, target, train_rows)),
              testing::bit_patterns(known.outputs))
        << known.line;
  }
}

TEST(ClassWeights, BalancedWeightsMakeClassesEqual) {
  Target target = read_target(table_of({0, 0, 0, 1}), "y", LossKind::kCrossEntropy);
  LossConfig loss;
  loss.class_weights = ClassWeightRule::kBalanced;

  EXPECT_EQ(class_weights(loss, target, std::vector<int64_t>{0, 1, 2, 3}),
            (std::vector<float>{static_cast<float>(4.0 / 6.0), 2.0f}));
  EXPECT_THROW(class_weights(loss, target, std::vector<int64_t>{0, 1}), Error);
}

TEST(ClassWeights, GivenWeightsMustMatchTheClasses) {
  Target target = read_target(table_of({0, 1}), "y", LossKind::kCrossEntropy);
  LossConfig loss;
  loss.class_weights = ClassWeightRule::kGiven;
  loss.given_class_weights = {1.0, 2.0, 3.0};

  EXPECT_THROW(class_weights(loss, target, std::vector<int64_t>{0, 1}), Error);
}

TEST(SavedTarget, IsReadBack) {
  Target target = read_target(table_of({1.5f, 3}), "y", LossKind::kMse);
  target.scale = {0x1.123456789abcdp3, 0.1};
  Hdf5Node group;
  save_target(target, group);

  const StoredFile file{"model.h5", "model"};
  const Target back = load_target({group, file});

  EXPECT_EQ(back.name, "y");
  EXPECT_EQ(back.scale.mean, target.scale.mean);
  EXPECT_EQ(back.scale.deviation, target.scale.deviation);
}

}  // namespace
}  // namespace reprotrain::engine
