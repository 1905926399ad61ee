// SPDX-License-Identifier: Apache-2.0
#include "harness/config/set_option.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/harness/config/config_text.h"

namespace reprotrain::harness {
namespace {

using testing::config_refusal;
using testing::good_config_text;
using testing::parse_config;

Json resolved_with(const std::vector<std::string>& sets) {
  return parse_config(good_config_text(), sets).resolved;
}

TEST(SetOption, TheSchemaDecidesHowAValueIsRead) {
  EXPECT_EQ(resolved_with({"name=123"})["name"], "123") << "only a text is accepted there";
  EXPECT_EQ(resolved_with({"name=true"})["name"], "true");
  EXPECT_EQ(resolved_with({"name=\"quoted\""})["name"], "quoted");
  EXPECT_EQ(resolved_with({"name="})["name"], "");
  EXPECT_EQ(resolved_with({"name=a=b"})["name"], "a=b");
  EXPECT_EQ(resolved_with({"seed=123"})["seed"], 123);
  EXPECT_EQ(resolved_with({"seed=1e3"})["seed"], 1000);
  EXPECT_EQ(resolved_with({"data.split.stratify=false"})["data"]["split"]["stratify"], false);
  EXPECT_EQ(resolved_with({"train.clip_norm=0.5"})["train"]["clip_norm"], 0.5);
  EXPECT_EQ(resolved_with({"train.clip_norm=null"})["train"]["clip_norm"], nullptr);
  EXPECT_EQ(resolved_with({"model.hidden=[16, 8]"})["model"]["hidden"], Json({16, 8}));
  EXPECT_EQ(resolved_with({"model.activation=gelu"})["model"]["activation"], "gelu");
}

TEST(SetOption, WhereTextsAndOtherThingsAreAcceptedWhatIsNotJsonIsAText) {
  const std::string columns = "features.1.columns=";
  EXPECT_EQ(resolved_with({columns + "all"})["features"][1]["columns"], "all");
  EXPECT_EQ(resolved_with({columns + "[\"a\"]"})["features"][1]["columns"], Json({"a"}));
  const std::vector<std::string> impute = {"features.0.strategy=constant", "features.0.value=5"};
  EXPECT_EQ(resolved_with(impute)["features"][0]["value"], 5);
  EXPECT_EQ(resolved_with({impute[0], "features.0.value=five"})["features"][0]["value"], "five");
  EXPECT_EQ(resolved_with({impute[0], "features.0.value=\"5\""})["features"][0]["value"], "5");
}

TEST(SetOption, ListEntriesGoByTheirNumber) {
  EXPECT_EQ(resolved_with({"features.0.strategy=mean"})["features"][0]["strategy"], "mean");
  EXPECT_EQ(resolved_with({"model.hidden.1=5"})["model"]["hidden"], Json({64, 5}));
}

TEST(SetOption, AJsonPointerReachesKeysWithDots) {
  const Json resolved = resolved_with({"/data/columns/a.b~1c=categorical"});
  EXPECT_EQ(resolved["data"]["columns"], Json({{"a.b/c", "categorical"}}));
}

TEST(SetOption, ObjectsThatTheFileDoesNotHaveStartFromTheirDefault) {
  const std::string text = R"({"config_version": 1, "data": {"source": "x.csv", "target": "y"},
      "model": {"type": "linear_regression"}, "train": {"loss": {"type": "mse"}}})";
  const Json resolved = parse_config(text, {"train.optimizer.beta1=0.5"}).resolved;
  EXPECT_EQ(resolved["train"]["optimizer"]["type"], "adam");
  EXPECT_EQ(resolved["train"]["optimizer"]["beta1"], 0.5);
  EXPECT_EQ(parse_config(text, {"train.schedule.warmup_steps=5"}).train.schedule.warmup_steps, 5);
  EXPECT_EQ(parse_config(text, {"train.early_stopping.metric=rmse", "data.split.validation=0.1"})
                .train.early_stopping->metric,
            "rmse");
}

TEST(SetOption, LaterAssignmentsWin) {
  EXPECT_EQ(resolved_with({"seed=1", "seed=2"})["seed"], 2);
  EXPECT_EQ(resolved_with({"model={\"type\":\"mlp\",\"hidden\":[3]}",
                           "model.dropout=0.5"})["model"]["hidden"],
            Json({3}));
}

TEST(SetOption, ErrorsQuoteTheAssignment) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"train.batch_size=0", "/train/batch_size must be at least 1, not 0"},
      {"train.batch_size=many", "/train/batch_size must be a whole number, not \"many\""},
      {"train.bach_size=3", "unknown key /train/bach_size; did you mean \"batch_size\"?"},
      {"model.activation=rleu",
       "/model/activation must be one of relu, tanh, sigmoid, gelu, not \"rleu\"; did you mean "
       "\"relu\"?"},
      {"model.hidden=[1,", "value:1:4: the text ends where a value was expected"},
      {"features.7.op=clip", "/features has 3 entries, numbered from 0; there is no 7"},
      {"features.x=1", "/features is a list of 3 entries; name one by its number, not \"x\""},
      {"name.x=3", "/name is \"digits\", which has nothing inside that could be set"},
      {"seed", "expected KEY=VALUE, such as train.batch_size=64"},
      {"=3", "expected KEY=VALUE, such as train.batch_size=64"},
      {"train..epochs=3", "the key has an empty part"},
      {"train.early_stopping.patience=0",
       "/train/early_stopping/patience must be at least 1, not 0"},
      {"data.split.test=0.9",
       "/data/split/test 0.9 and /data/split/validation 0.125 must sum to less than 1, so that "
       "rows are "
       "left to train on"},
  };
  for (const auto& [assignment, sentence] : cases) {
    EXPECT_EQ(config_refusal(good_config_text(), {assignment}),
              "--set " + std::string(assignment) + ": " + sentence);
  }
}

TEST(SetOption, AReplacedSectionNoLongerPointsIntoTheFile) {
  EXPECT_EQ(
      config_refusal(good_config_text(), {"model={\"type\":\"mlp\",\"hidden\":[0]}"}),
      "--set model={\"type\":\"mlp\",\"hidden\":[0]}: /model/hidden/0 must be at least 1, not 0");
}

}  // namespace
}  // namespace reprotrain::harness
