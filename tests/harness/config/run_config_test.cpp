// SPDX-License-Identifier: Apache-2.0
#include "harness/config/run_config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "harness/record/canonical_json.h"
#include "tests/harness/config/config_text.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::harness {
namespace {

using testing::good_config_text;
using testing::parse_config;
using testing::replaced;

constexpr const char* kSmallest = R"({"config_version": 1, "data": {"source": "x.csv"}})";

TEST(RunConfig, EverySectionReachesTheEngine) {
  const RunConfig config = parse_config(good_config_text());
  EXPECT_EQ(config.name, "digits");
  EXPECT_EQ(config.seed, 42u);
  EXPECT_EQ(config.data.source, "/base/digits.csv");
  EXPECT_EQ(config.data.labels, "");
  EXPECT_EQ(config.data.target, "digit");
  EXPECT_EQ(config.data.split.test_fraction, 0.25);
  EXPECT_EQ(config.data.split.validation_fraction, 0.125);
  EXPECT_TRUE(config.data.split.stratify);
  ASSERT_EQ(config.features.size(), 3u);
  EXPECT_EQ(config.features[0].strategy, engine::ImputeStrategy::kMedian);
  EXPECT_EQ(config.features[0].columns.names, (std::vector<std::string>{"p1", "p2"}));
  EXPECT_EQ(config.features[1].columns.rule, engine::ColumnSelection::Rule::kAllNumeric);
  EXPECT_EQ(config.features[2].config_pointer, "/features/2");
  EXPECT_EQ(config.features[2].numbers.at("low"), -3.0);
  EXPECT_EQ(config.features[2].numbers.at("high"), 3.5);
  EXPECT_TRUE(config.trains);
  EXPECT_EQ(config.model.hidden, (std::vector<int64_t>{64, 32}));
  EXPECT_EQ(config.model.activation, engine::Activation::kTanh);
  EXPECT_EQ(config.train.batch_size, 64);
  EXPECT_EQ(config.train.loss.kind, engine::LossKind::kCrossEntropy);
  EXPECT_EQ(config.train.optimizer.kind, engine::OptimizerKind::kAdamw);
  EXPECT_EQ(config.train.optimizer.learning_rate, 0.002);
  EXPECT_EQ(config.train.optimizer.weight_decay, 0.01) << "the default of adamw";
  EXPECT_EQ(config.train.clip_norm, 0.0);
  EXPECT_EQ(config.train.early_stopping->patience, 10);
  EXPECT_EQ(config.numerics.matmul, "fma32");
  EXPECT_EQ(config.output.directory, "/base/out");
  EXPECT_EQ(config.runtime.threads, 2);
}

TEST(RunConfig, ThePartsThatAreChosenByTypeReachTheEngine) {
  const RunConfig config = parse_config(R"({"config_version": 1,
    "data": {"source": "/abs/x.csv", "target": "y", "split": {"column": "part"}, "format": "csv",
             "csv": {"delimiter": ";", "quote": "'", "header": false, "missing": ["-"]},
             "columns": {"zip": "categorical"}},
    "features": [{"op": "impute", "columns": "categorical", "strategy": "constant", "value": "none"},
                 {"op": "impute", "strategy": "constant", "value": -1, "indicator": true},
                 {"op": "one_hot", "unseen": "other"}, {"op": "drop", "columns": ["id"]},
                 {"op": "min_max", "columns": "all"}],
    "model": {"type": "mlp", "hidden": [8], "dropout": 0.5, "layer_norm": true},
    "train": {"loss": {"type": "huber", "delta": 2}, "shuffle": false, "clip_norm": 5,
              "optimizer": {"type": "sgd", "momentum": 0.9, "nesterov": true},
              "schedule": {"type": "step", "every_epochs": 3, "gamma": 0.5, "warmup_steps": 7},
              "target_transform": "standardize", "metrics": ["mae", "r2"]}})");
  EXPECT_EQ(config.data.source, "/abs/x.csv");
  EXPECT_EQ(config.data.format, engine::DataFormat::kCsv);
  EXPECT_EQ(config.data.csv.delimiter, ';');
  EXPECT_EQ(config.data.csv.quote, '\'');
  EXPECT_FALSE(config.data.csv.has_header);
  EXPECT_EQ(config.data.csv.missing_markers, std::vector<std::string>{"-"});
  EXPECT_EQ(config.data.column_kinds.at("zip"), engine::ColumnKind::kCategorical);
  EXPECT_EQ(config.data.split.column, "part");
  EXPECT_EQ(config.features[0].texts.at("value"), "none");
  EXPECT_EQ(config.features[0].columns.rule, engine::ColumnSelection::Rule::kAllCategorical);
  EXPECT_EQ(config.features[1].numbers.at("value"), -1.0);
  EXPECT_TRUE(config.features[1].indicator);
  EXPECT_EQ(config.features[2].unseen, engine::UnseenPolicy::kOther);
  EXPECT_EQ(config.features[4].numbers.at("high"), 1.0);
  EXPECT_EQ(config.model.dropout, 0.5);
  EXPECT_TRUE(config.model.layer_norm);
  EXPECT_EQ(config.train.loss.huber_delta, 2.0);
  EXPECT_FALSE(config.train.shuffle);
  EXPECT_EQ(config.train.clip_norm, 5.0);
  EXPECT_TRUE(config.train.optimizer.nesterov);
  EXPECT_EQ(config.train.optimizer.learning_rate, 0.01) << "the default of sgd";
  EXPECT_EQ(config.train.schedule.kind, engine::ScheduleKind::kStep);
  EXPECT_EQ(config.train.schedule.step_epochs, 3);
  EXPECT_EQ(config.train.schedule.warmup_steps, 7);
  EXPECT_EQ(config.train.target_transform, engine::TargetTransform::kStandardize);
  EXPECT_EQ(config.train.metrics, (std::vector<std::string>{"mae", "r2"}));
}

TEST(RunConfig, ClassWeightsAreARuleOrNumbers) {
  const std::string loss = "\"type\": \"cross_entropy\"";
  const auto weights = [&](const std::string& text) {
    return parse_config(replaced(good_config_text(), loss, loss + ", \"class_weights\": " + text))
        .train.loss;
  };
  EXPECT_EQ(weights("\"balanced\"").class_weights, engine::ClassWeightRule::kBalanced);
  EXPECT_EQ(weights("[1, 2.5]").class_weights, engine::ClassWeightRule::kGiven);
  EXPECT_EQ(weights("[1, 2.5]").given_class_weights, (std::vector<double>{1.0, 2.5}));
}

TEST(RunConfig, TheSmallestConfigIsForFeatureExport) {
  const RunConfig config = parse_config(kSmallest);
  EXPECT_FALSE(config.trains);
  EXPECT_EQ(config.data.split.test_fraction, 0.2);
  try {
    require_training(config, "c.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "c.json: missing keys /model and /train; without them only features can be exported");
  }
}

TEST(RunConfig, AResolvedConfigResolvesToItself) {
  for (const std::string& text : {good_config_text(), std::string(kSmallest)}) {
    const std::string once = canonical_json(parse_config(text).resolved);
    EXPECT_EQ(canonical_json(parse_config(once).resolved), once);
  }
}

TEST(RunConfig, TheWayANumberIsWrittenDoesNotMatter) {
  const std::string one = canonical_json(parse_config(good_config_text()).resolved);
  std::string other = replaced(good_config_text(), "\"epochs\": 3", "\"epochs\": 3.0");
  other = replaced(other, "0.002", "2.0e-3");
  other = replaced(other, "\"low\": -3", "\"low\": -30e-1");
  EXPECT_EQ(canonical_json(parse_config(other).resolved), one);
}

TEST(RunConfig, IdentityIsEverythingButPathsNamesOutputAndRuntime) {
  const std::string identity =
      canonical_json(identity_part(parse_config(good_config_text()).resolved));
  EXPECT_EQ(
      identity,
      "{\"config_version\":1,\"data\":{\"columns\":{},\"csv\":{\"delimiter\":\",\",\"header\":true,"
      "\"missing\":[\"\",\"NA\",\"NaN\",\"nan\",\"null\",\"?\"],\"quote\":\"\\\"\"},\"format\":"
      "\"auto\","
      "\"split\":{\"stratify\":true,\"test\":0.25,\"validation\":0.125},\"target\":\"digit\"},"
      "\"features\":[{\"columns\":[\"p1\",\"p2\"],\"indicator\":false,\"op\":\"impute\","
      "\"strategy\":"
      "\"median\"},{\"columns\":\"numeric\",\"op\":\"standardize\"},{\"columns\":\"numeric\","
      "\"high\":"
      "3.5,\"low\":-3,\"op\":\"clip\"}],\"model\":{\"activation\":\"tanh\",\"dropout\":0,"
      "\"hidden\":"
      "[64,32],\"layer_norm\":false,\"type\":\"mlp\"},\"numerics\":{\"matmul\":\"fma32\",\"mode\":"
      "\"portable\"},\"seed\":42,\"train\":{\"batch_size\":64,\"clip_norm\":null,\"early_"
      "stopping\":"
      "{\"metric\":\"accuracy\",\"min_delta\":0,\"patience\":10},\"epochs\":3,\"loss\":"
      "{\"class_weights\":\"none\",\"type\":\"cross_entropy\"},\"metrics\":[],\"optimizer\":{"
      "\"beta1\":"
      "0.9,\"beta2\":0.999,\"epsilon\":1e-8,\"learning_rate\":0.002,\"type\":\"adamw\","
      "\"weight_decay\":0.01},\"schedule\":{\"type\":\"constant\",\"warmup_steps\":0},\"shuffle\":"
      "true,"
      "\"target_transform\":\"none\"}}");
}

TEST(RunConfig, IdentityIgnoresWhatNeverChangesANumber) {
  const auto identity = [](const std::vector<std::string>& sets) {
    return canonical_json(identity_part(parse_config(good_config_text(), sets).resolved));
  };
  const std::string base = identity({});
  for (const char* set : {"name=x", "description=y", "data.source=z.csv", "output.directory=q",
                          "output.trace_stride=1", "output.features=false", "runtime.threads=7",
                          "runtime.device=cpu", "runtime.memory_limit=1000"}) {
    EXPECT_EQ(identity({set}), base) << set;
  }
  for (const char* set :
       {"seed=43", "train.epochs=4", "model.hidden.0=65", "features.2.low=-4",
        "data.split.test=0.26", "data.columns.a=numeric", "train.shuffle=false"}) {
    EXPECT_NE(identity({set}), base) << set;
  }
}

TEST(RunConfig, PathsStartAtTheFolderOfTheFile) {
  const reprotrain::testing::TemporaryDirectory directory;
  const std::filesystem::path folder = directory.file("sub");
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "c.json") << replaced(good_config_text(), "digits.csv", "../data/d.csv");
  const RunConfig config =
      load_run_config((folder / "c.json").string(), std::vector<std::string>{"seed=5"});
  EXPECT_EQ(config.data.source, (folder.parent_path() / "data" / "d.csv").string());
  EXPECT_EQ(config.resolved["data"]["source"], "../data/d.csv") << "kept as written";
  EXPECT_EQ(config.name, "digits");
  EXPECT_EQ(load_run_config((folder / "c.json").string(), std::vector<std::string>{"name="}).name,
            "c");
  EXPECT_EQ(config.seed, 5u);
}

TEST(RunConfig, AConfigThatCannotBeReadIsAnErrorThatNamesIt) {
  EXPECT_THROW(load_run_config("/nonexistent/c.json"), Error);
  EXPECT_THROW(load_run_config("/"), Error) << "a directory";
}

}  // namespace
}  // namespace reprotrain::harness
