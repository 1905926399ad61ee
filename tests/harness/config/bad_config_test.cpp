// SPDX-License-Identifier: Apache-2.0
// Golden sentences: what a person reads when a configuration is wrong.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/harness/config/config_text.h"

namespace reprotrain::harness {
namespace {

using testing::config_refusal;
using testing::good_config_text;
using testing::replaced;

struct Edit {
  const char* from;
  const char* to;
  const char* sentence;
};

void expect_refusals(const std::vector<Edit>& edits) {
  for (const Edit& edit : edits) {
    const std::string text = replaced(good_config_text(), edit.from, edit.to);
    EXPECT_EQ(config_refusal(text), std::string("c.json:") + edit.sentence) << edit.to;
  }
}

TEST(BadConfig, TheGoodConfigIsAccepted) {
  EXPECT_EQ(config_refusal(good_config_text()), "accepted");
}

TEST(BadConfig, UnknownKeysNameTheClosestOrAllOfThem) {
  expect_refusals({
      {"\"batch_size\"", "\"bach_size\"",
       "18:5: unknown key /train/bach_size; did you mean \"batch_size\"?"},
      {"\"seed\"", "\"Seed\"", "4:3: unknown key /Seed; did you mean \"seed\"?"},
      {"\"threads\"", "\"x\"",
       "24:15: unknown key /runtime/x; known keys are device, memory_limit, threads"},
      {"\"low\": -3", "\"lo\": -3", "13:20: unknown key /features/2/lo; did you mean \"low\"?"},
      {"\"epochs\": 3,", "\"a/b~\": 3,",
       "17:5: unknown key /train/a~1b~0; known keys are batch_size, clip_norm, early_stopping, "
       "epochs, "
       "loss, metrics, optimizer, schedule, shuffle, target_transform"},
  });
}

TEST(BadConfig, KeysOfAnotherTypeSayWhatTheyDoNotGoWith) {
  expect_refusals({
      {"\"type\": \"mlp\"", "\"type\": \"softmax_regression\"",
       "15:43: key /model/hidden does not go with type \"softmax_regression\""},
      {"\"learning_rate\"", "\"momentum\"",
       "20:36: key /train/optimizer/momentum does not go with type \"adamw\""},
      {"{\"op\": \"standardize\"}", "{\"op\": \"standardize\", \"low\": 1}",
       "12:27: key /features/1/low does not go with op \"standardize\""},
      {"\"test\": 0.25", "\"column\": \"part\"",
       "8:33: key /data/split/validation does not go with key \"column\""},
      {"{\"type\": \"cross_entropy\"}", "{\"type\": \"cross_entropy\", \"delta\": 1}",
       "19:39: key /train/loss/delta does not go with type \"cross_entropy\""},
      {"\"epochs\": 3,", "\"schedule\": {\"type\": \"cosine\", \"gamma\": 1},",
       "17:36: key /train/schedule/gamma does not go with type \"cosine\""},
  });
}

TEST(BadConfig, MissingKeysSayWhatTheyMustBe) {
  expect_refusals({
      {"\"source\": \"digits.csv\",", "", "5:11: missing key /data/source; it must be a text"},
      {"\"config_version\": 1,", "", "1:1: missing key /config_version; it must be 1"},
      {"\"type\": \"mlp\", ", "",
       "15:12: missing key /model/type; it must be one of linear_regression, logistic_regression, "
       "softmax_regression, mlp, network"},
      {"\"hidden\": [64, 32], ", "", "15:12: missing key /model/hidden; it must be a list"},
      {"\"loss\": {\"type\": \"cross_entropy\"},", "",
       "16:12: missing key /train/loss; it must be an object"},
      {", \"high\": 3.5", "", "13:5: missing key /features/2/high; it must be a number"},
      {"{\"metric\": \"accuracy\"}", "{}",
       "21:23: missing key /train/early_stopping/metric; it must be one of accuracy, log_loss, "
       "roc_auc, "
       "f1_macro, f1_micro, rmse, mae, r2"},
      {"\"target\": \"digit\",", "",
       "5:11: missing key /data/target; a model needs a column to predict"},
      {"\"model\": {\"type\": \"mlp\", \"hidden\": [64, 32], \"activation\": \"tanh\"},", "",
       "16:12: missing key /model; /train says how, but not what to train"},
  });
}

TEST(BadConfig, MistypedValuesSayWhatTheyMustBe) {
  expect_refusals({
      {"\"batch_size\": 64", "\"batch_size\": \"64\"",
       "18:19: /train/batch_size must be a whole number, not \"64\""},
      {"\"batch_size\": 64", "\"batch_size\": 64.5",
       "18:19: /train/batch_size must be a whole number, not 64.5"},
      {"\"epochs\": 3", "\"epochs\": null",
       "17:15: /train/epochs must be a whole number, not null"},
      {"\"seed\": 42", "\"seed\": [42]", "4:11: /seed must be a whole number, not a list"},
      {"[64, 32]", "[64, \"wide\"]", "15:43: /model/hidden/1 must be a whole number, not \"wide\""},
      {"[64, 32]", "64", "15:38: /model/hidden must be a list, not 64"},
      {"\"stratify\": true", "\"stratify\": \"yes\"",
       "8:62: /data/split/stratify must be true or false, not \"yes\""},
      {"{\"test\": 0.25, \"validation\": 0.125, \"stratify\": true}", "0.2",
       "8:14: /data/split must be an object, not 0.2"},
      {"[\"p1\", \"p2\"]", "3",
       "11:33: /features/0/columns must be one of numeric, categorical, all or a list, not 3"},
      {"\"name\": \"digits\"", "\"name\": 7", "3:11: /name must be a text, not 7"},
      {"{\"op\": \"standardize\"}", "\"standardize\"",
       "12:5: /features/1 must be an object, not \"standardize\""},
      {"\"model\": {\"type\": \"mlp\", \"hidden\": [64, 32], \"activation\": \"tanh\"}",
       "\"model\": \"mlp\"", "15:12: /model must be null or an object, not \"mlp\""},
  });
}

TEST(BadConfig, ADocumentThatIsNoObjectIsRefused) {
  EXPECT_EQ(config_refusal("[]"),
            "c.json:1:1: the configuration must be an object, not an empty list");
}

TEST(BadConfig, WordsOutsideOfTheListNameTheClosest) {
  expect_refusals({
      {"\"tanh\"", "\"thanh\"",
       "15:62: /model/activation must be one of relu, tanh, sigmoid, gelu, not \"thanh\"; did you "
       "mean "
       "\"tanh\"?"},
      {"\"type\": \"mlp\"", "\"type\": \"mpl\"",
       "15:21: /model/type must be one of linear_regression, logistic_regression, "
       "softmax_regression, mlp, network, "
       "not \"mpl\"; did you mean \"mlp\"?"},
      {"\"op\": \"clip\"", "\"op\": \"clamp\"",
       "13:12: /features/2/op must be one of impute, standardize, min_max, clip, log1p, one_hot, "
       "ordinal, "
       "select, drop, not \"clamp\"; did you mean \"clip\"?"},
      {"\"type\": \"adamw\"", "\"type\": 3",
       "20:27: /train/optimizer/type must be one of sgd, adam, adamw, not 3"},
      {"\"config_version\": 1", "\"config_version\": 2", "2:21: /config_version must be 1, not 2"},
  });
}

TEST(BadConfig, ValuesOutOfRangeNameTheBound) {
  expect_refusals({
      {"\"batch_size\": 64", "\"batch_size\": 0",
       "18:19: /train/batch_size must be at least 1, not 0"},
      {"\"epochs\": 3", "\"epochs\": -1", "17:15: /train/epochs must be at least 1, not -1"},
      {"0.002", "-0.002",
       "20:53: /train/optimizer/learning_rate must be greater than 0, not -0.002"},
      {"0.002", "0", "20:53: /train/optimizer/learning_rate must be greater than 0, not 0"},
      {"\"seed\": 42", "\"seed\": 9007199254740992",
       "4:11: /seed must be at most 9007199254740991, not 9007199254740992"},
      {"\"seed\": 42", "\"seed\": -1", "4:11: /seed must be at least 0, not -1"},
      {"\"test\": 0.25", "\"test\": 1", "8:23: /data/split/test must be less than 1, not 1"},
      {"[64, 32]", "[]", "15:38: /model/hidden must have at least 1 entry, not 0"},
      {"[64, 32]", "[64, 0]", "15:43: /model/hidden/1 must be at least 1, not 0"},
      {"\"source\": \"digits.csv\"", "\"source\": \"\"",
       "6:15: /data/source must have at least 1 character, not 0"},
      {"[\"p1\", \"p2\"]", "[\"p1\", \"p1\"]",
       "11:40: /features/0/columns/1 repeats \"p1\"; name it once"},
      {"\"low\": -3", "\"low\": -1e39",
       "13:27: /features/2/low must be at least -3.4028234663852886e+38, not -1e+39"},
  });
}

TEST(BadConfig, KeysThatContradictEachOtherAreBothNamed) {
  expect_refusals({
      {"\"validation\": 0.125", "\"validation\": 0.75",
       "8:43: /data/split/test 0.25 and /data/split/validation 0.75 must sum to less than 1, so "
       "that rows "
       "are left to train on"},
      {"\"high\": 3.5", "\"high\": -3",
       "13:27: /features/2/low must be less than /features/2/high, but -3 is not less than -3"},
      {"[\"p1\", \"p2\"]", "[\"p1\", \"digit\"]",
       "11:40: /features/0/columns/1 names \"digit\", the target, which is no feature; take it out "
       "of the "
       "list"},
      {"\"strategy\": \"median\"", "\"strategy\": \"median\", \"value\": 3",
       "11:78: /features/0/value goes with strategy \"constant\" only, not with \"median\""},
      {"\"strategy\": \"median\"", "\"strategy\": \"constant\"",
       "11:5: missing key /features/0/value; strategy \"constant\" needs a number or a text"},
      {"\"columns\": [\"p1\", \"p2\"]", "\"columns\": \"categorical\"",
       "11:60: /features/0/strategy \"median\" needs numbers, but columns is \"categorical\"; use "
       "\"most_frequent\" or \"constant\""},
      {"{\"op\": \"standardize\"}", "{\"op\": \"standardize\", \"columns\": \"categorical\"}",
       "12:38: /features/1/columns \"categorical\" does not go with op \"standardize\", which "
       "needs "
       "numbers"},
      {"\"metric\": \"accuracy\"", "\"metric\": \"rmse\"",
       "21:34: /train/early_stopping/metric \"rmse\" judges predicted numbers, but /train/loss "
       "\"cross_entropy\" predicts classes"},
      {"\"validation\": 0.125", "\"validation\": 0",
       "21:23: /train/early_stopping watches validation rows, but there are none; set "
       "/data/split/validation greater than 0"},
      {"{\"type\": \"cross_entropy\"}", "{\"type\": \"mse\"}",
       "8:62: /data/split/stratify needs classes, but /train/loss \"mse\" predicts a number; set "
       "it to "
       "false"},
      {"\"epochs\": 3", "\"target_transform\": \"standardize\"",
       "17:25: /train/target_transform \"standardize\" needs a number to predict, but /train/loss "
       "\"cross_entropy\" predicts a class"},
      {"\"epochs\": 3", "\"metrics\": [\"accuracy\", \"r2\"]",
       "17:29: /train/metrics/1 \"r2\" judges predicted numbers, but /train/loss \"cross_entropy\" "
       "predicts classes"},
      {"\"type\": \"cross_entropy\"",
       "\"type\": \"binary_cross_entropy\", \"class_weights\": [1, 2, 3]",
       "19:63: /train/loss/class_weights must have 2 entries for loss \"binary_cross_entropy\", "
       "not 3"},
      {"\"source\": \"digits.csv\"",
       "\"source\": \"digits.csv\", \"csv\": {\"delimiter\": \"\\n\"}",
       "6:50: /data/csv/delimiter must be one printable ASCII character or \\t, not \"\\n\""},
      {"\"source\": \"digits.csv\"", "\"source\": \"digits.csv\", \"csv\": {\"quote\": \",\"}",
       "6:36: /data/csv/delimiter and /data/csv/quote must differ; both are \",\""},
      {"\"source\": \"digits.csv\"",
       "\"source\": \"digits.csv\", \"format\": \"csv\", \"labels\": \"y.idx\"",
       "6:56: /data/labels is for IDX files; with /data/format \"csv\" the target is a column of "
       "/data/source"},
      {"{\"test\": 0.25, \"validation\": 0.125, \"stratify\": true}", "{\"column\": \"digit\"}",
       "8:25: /data/split/column and /data/target both name \"digit\"; they must differ"},
      {"\"type\": \"adamw\", \"learning_rate\": 0.002", "\"type\": \"sgd\", \"nesterov\": true",
       "20:46: /train/optimizer/nesterov needs /train/optimizer/momentum greater than 0"},
      {"\"runtime\"", "\"numerics\": {\"mode\": \"device\"}, \"runtime\"",
       "24:24: missing key /numerics/precision; mode \"device\" needs fp32, tf32 or bf16"},
      {"\"runtime\"", "\"numerics\": {\"precision\": \"tf32\"}, \"runtime\"",
       "24:29: /numerics/precision goes with /numerics/mode \"device\" only; /numerics/matmul "
       "defines portable products"},
  });
}

TEST(BadConfig, LossesThatAModelCannotHaveAreRefused) {
  const std::string regression =
      replaced(good_config_text(), ", \"hidden\": [64, 32], \"activation\": \"tanh\"", "");
  EXPECT_EQ(
      config_refusal(replaced(regression, "\"mlp\"", "\"linear_regression\"")),
      "c.json:19:22: /train/loss/type must be mse or huber for model \"linear_regression\", not "
      "\"cross_entropy\"");
  EXPECT_EQ(config_refusal(replaced(regression, "\"mlp\"", "\"logistic_regression\"")),
            "c.json:19:22: /train/loss/type must be binary_cross_entropy for model "
            "\"logistic_regression\", not \"cross_entropy\"");
  EXPECT_EQ(config_refusal(replaced(regression, "\"mlp\"", "\"softmax_regression\"")), "accepted");
}

}  // namespace
}  // namespace reprotrain::harness
