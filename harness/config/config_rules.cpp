// SPDX-License-Identifier: Apache-2.0
#include "harness/config/config_rules.h"

#include <string>
#include <string_view>

#include "engine/device/device_choice.h"
#include "harness/config/schema_wording.h"
#include "kernels/feature/feature_list.h"

namespace reprotrain::harness {
namespace {

class Rules {
 public:
  Rules(const Json& config, const JsonDocument& document) : config_(config), document_(document) {}

  void check() const {
    check_device();
    check_numerics();
    check_csv();
    check_labels();
    check_split();
    for (size_t i = 0; i < config_["features"].size(); ++i) {
      check_transform(config_["features"][i], child_pointer("/features", i));
    }
    check_training_parts();
    if (!has_model()) return;
    check_loss();
    check_optimizer();
    check_metrics();
    check_early_stopping();
  }

 private:
  [[noreturn]] void fail(const std::string& pointer, const std::string& sentence) const {
    throw Error(ErrorKind::kConfig, document_.where(pointer) + ": " + sentence);
  }

  bool has_model() const { return !config_["model"].is_null(); }
  const Json& train() const { return config_["train"]; }
  std::string loss() const { return train()["loss"]["type"]; }
  bool is_regression() const { return loss() == "mse" || loss() == "huber"; }
  bool is_split_by_column() const { return config_["data"]["split"].contains("column"); }

  void check_device() const {
    try {
      engine::device_choice(config_["runtime"]["device"]);
    } catch (const Error& error) {
      fail("/runtime/device", std::string("/runtime/device: ") + error.what());
    }
  }

  void check_numerics() const {
    const Json& numerics = config_["numerics"];
    const bool has_precision = numerics.contains("precision");
    if (numerics["mode"] == "portable" && has_precision) {
      fail("/numerics/precision",
           "/numerics/precision goes with /numerics/mode \"device\" only; /numerics/matmul defines "
           "portable products");
    }
    if (numerics["mode"] == "device" && !has_precision) {
      fail("/numerics/mode",
           "missing key /numerics/precision; mode \"device\" needs fp32, tf32 or bf16");
    }
  }

  void check_csv() const {
    const Json& csv = config_["data"]["csv"];
    for (const char* key : {"delimiter", "quote"}) {
      const std::string text = csv[key];
      const auto byte = static_cast<unsigned char>(text[0]);
      const bool printable = text.size() == 1 && (byte == '\t' || (byte >= 0x20 && byte < 0x7f));
      if (printable) continue;
      const std::string pointer = child_pointer("/data/csv", key);
      fail(pointer, pointer + " must be one printable ASCII character or \\t, not " +
                        describe_value(csv[key]));
    }
    if (csv["delimiter"] == csv["quote"]) {
      fail("/data/csv/delimiter", "/data/csv/delimiter and /data/csv/quote must differ; both are " +
                                      describe_value(csv["quote"]));
    }
  }

  void check_labels() const {
    const std::string format = config_["data"]["format"];
    if (config_["data"]["labels"] == "" || format == "auto" || format == "idx") return;
    fail("/data/labels", "/data/labels is for IDX files; with /data/format \"" + format +
                             "\" the target is a column of /data/source");
  }

  void check_split() const {
    const Json& split = config_["data"]["split"];
    if (is_split_by_column()) {
      if (split["column"] != config_["data"]["target"]) return;
      fail("/data/split/column", "/data/split/column and /data/target both name " +
                                     describe_value(split["column"]) + "; they must differ");
    }
    if (split["test"].get<double>() + split["validation"].get<double>() >= 1.0) {
      const std::string pointer = largest_given(split);
      fail(pointer, "/data/split/test " + describe_value(split["test"]) +
                        " and /data/split/validation " + describe_value(split["validation"]) +
                        " must sum to less than 1, so that rows are left to train on");
    }
    if (split["stratify"] == true && has_model() && !train().is_null() && is_regression()) {
      fail("/data/split/stratify", "/data/split/stratify needs classes, but /train/loss " +
                                       describe_value(loss()) +
                                       " predicts a number; set it to false");
    }
  }

  // The fraction that a message about their sum should point at.
  static std::string largest_given(const Json& split) {
    const bool test = split["test"].get<double>() >= split["validation"].get<double>();
    return test ? "/data/split/test" : "/data/split/validation";
  }

  void check_transform(const Json& transform, const std::string& pointer) const {
    check_selection(transform, pointer);
    const std::string op = transform["op"];
    if (op == "impute") check_impute(transform, pointer);
    if (op == "min_max" || op == "clip") {
      if (transform["low"].get<double>() < transform["high"].get<double>()) return;
      fail(pointer + "/low", pointer + "/low must be less than " + pointer + "/high, but " +
                                 describe_value(transform["low"]) + " is not less than " +
                                 describe_value(transform["high"]));
    }
  }

  void check_selection(const Json& transform, const std::string& pointer) const {
    const Json& columns = transform["columns"];
    const std::string op = transform["op"];
    bool needs_numbers = false;
    kernels::for_each_feature(
        [&]<typename Feature>() { needs_numbers = needs_numbers || op == Feature::kName; });
    if (needs_numbers && columns == "categorical") {
      fail(pointer + "/columns", pointer + "/columns \"categorical\" does not go with op \"" + op +
                                     "\", which needs numbers");
    }
    if (!columns.is_array()) return;
    for (size_t i = 0; i < columns.size(); ++i) {
      check_not_reserved(columns[i], child_pointer(pointer + "/columns", i));
    }
  }

  // Target and split column are no features, so no transform may name them.
  void check_not_reserved(const Json& column, const std::string& pointer) const {
    const Json& data = config_["data"];
    const bool is_target = column == data["target"] && column != "";
    const bool is_split = is_split_by_column() && column == data["split"]["column"];
    if (!is_target && !is_split) return;
    fail(pointer, pointer + " names " + describe_value(column) + ", the " +
                      (is_target ? "target" : "split column") +
                      ", which is no feature; take it out of the list");
  }

  void check_impute(const Json& impute, const std::string& pointer) const {
    const std::string strategy = impute["strategy"];
    const Json& columns = impute["columns"];
    if ((strategy == "mean" || strategy == "median") && columns == "categorical") {
      fail(pointer + "/strategy", pointer + "/strategy \"" + strategy +
                                      "\" needs numbers, but columns is \"categorical\"; use "
                                      "\"most_frequent\" or \"constant\"");
    }
    if (strategy != "constant") {
      if (!impute.contains("value")) return;
      fail(pointer + "/value",
           pointer + "/value goes with strategy \"constant\" only, not with \"" + strategy + "\"");
    }
    if (!impute.contains("value")) {
      fail(pointer,
           "missing key " + pointer + "/value; strategy \"constant\" needs a number or a text");
    }
    const bool is_text = impute["value"].is_string();
    if ((is_text && columns == "numeric") || (!is_text && columns == "categorical")) {
      fail(pointer + "/value", pointer + "/value must be " + (is_text ? "a number" : "a text") +
                                   " for " + columns.get<std::string>() + " columns, not " +
                                   describe_value(impute["value"]));
    }
  }

  void check_training_parts() const {
    if (has_model() && train().is_null()) {
      fail("/model", "missing key /train; a model needs to be told how to train");
    }
    if (!has_model() && !train().is_null()) {
      fail("/train", "missing key /model; /train says how, but not what to train");
    }
    if (has_model() && config_["data"]["target"] == "") {
      fail("/data", "missing key /data/target; a model needs a column to predict");
    }
  }

  void check_loss() const {
    const std::string model = config_["model"]["type"];
    const auto require = [&](std::string_view type, bool fits, const std::string& losses) {
      if (model != type || fits) return;
      fail("/train/loss/type", "/train/loss/type must be " + losses + " for model \"" + model +
                                   "\", not \"" + loss() + "\"");
    };
    require("linear_regression", is_regression(), "mse or huber");
    require("logistic_regression", loss() == "binary_cross_entropy", "binary_cross_entropy");
    require("softmax_regression", loss() == "cross_entropy", "cross_entropy");
    if (train()["target_transform"] != "none" && !is_regression()) {
      fail("/train/target_transform",
           "/train/target_transform \"standardize\" needs a number to "
           "predict, but /train/loss \"" +
               loss() + "\" predicts a class");
    }
    const Json weights = train()["loss"].value("class_weights", Json("none"));
    if (loss() == "binary_cross_entropy" && weights.is_array() && weights.size() != 2) {
      fail("/train/loss/class_weights",
           "/train/loss/class_weights must have 2 entries for loss \"binary_cross_entropy\", not " +
               std::to_string(weights.size()));
    }
  }

  void check_optimizer() const {
    const Json& optimizer = train()["optimizer"];
    if (optimizer["type"] != "sgd" || optimizer["nesterov"] == false) return;
    if (optimizer["momentum"].get<double>() > 0.0) return;
    fail("/train/optimizer/nesterov",
         "/train/optimizer/nesterov needs /train/optimizer/momentum greater than 0");
  }

  void check_metric(const Json& metric, const std::string& pointer) const {
    const bool for_numbers = metric == "rmse" || metric == "mae" || metric == "r2";
    if (for_numbers == is_regression()) return;
    fail(pointer, pointer + " " + describe_value(metric) + " judges predicted " +
                      (for_numbers ? "numbers" : "classes") + ", but /train/loss \"" + loss() +
                      "\" predicts " + (for_numbers ? "classes" : "numbers"));
  }

  void check_metrics() const {
    const Json& metrics = train()["metrics"];
    for (size_t i = 0; i < metrics.size(); ++i) {
      check_metric(metrics[i], child_pointer("/train/metrics", i));
    }
  }

  void check_early_stopping() const {
    const Json& stopping = train()["early_stopping"];
    if (stopping.is_null()) return;
    check_metric(stopping["metric"], "/train/early_stopping/metric");
    if (is_split_by_column() || config_["data"]["split"]["validation"].get<double>() > 0.0) return;
    fail("/train/early_stopping",
         "/train/early_stopping watches validation rows, but there are none; set "
         "/data/split/validation greater than 0");
  }

  const Json& config_;
  const JsonDocument& document_;
};

}  // namespace

void check_config_rules(const Json& resolved, const JsonDocument& document) {
  Rules(resolved, document).check();
}

}  // namespace reprotrain::harness
