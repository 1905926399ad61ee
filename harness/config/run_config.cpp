// SPDX-License-Identifier: Apache-2.0
#include "harness/config/run_config.h"

#include <array>
#include <cassert>
#include <filesystem>
#include <string_view>
#include <utility>

#include "harness/config/config_rules.h"
#include "harness/config/layer_rules.h"
#include "harness/config/resolve.h"
#include "harness/config/schema.h"
#include "harness/config/set_option.h"

namespace reprotrain::harness {
namespace {

// The schema admits no word outside of its list, so each of these tables is complete.
template <typename Enum, size_t kSize>
Enum enum_of(const Json& word, const std::array<std::pair<std::string_view, Enum>, kSize>& table) {
  for (const auto& [name, value] : table) {
    if (word.get_ref<const std::string&>() == name) return value;
  }
  assert(false && "a word of the schema that the program does not know");
  return table[0].second;
}

template <typename Enum, typename... Pairs>
constexpr auto words(std::pair<std::string_view, Enum> first, Pairs... rest) {
  return std::array<std::pair<std::string_view, Enum>, 1 + sizeof...(rest)>{first, rest...};
}

template <typename Enum>
constexpr std::pair<std::string_view, Enum> word(std::string_view name, Enum value) {
  return {name, value};
}

std::string resolve_path(const Json& written, const std::string& base_directory) {
  const std::filesystem::path path = written.get<std::string>();
  if (path.empty() || path.is_absolute()) return path.string();
  return (std::filesystem::path(base_directory) / path).lexically_normal().string();
}

engine::CsvOptions csv_options(const Json& json) {
  engine::CsvOptions csv;
  csv.delimiter = json["delimiter"].get_ref<const std::string&>()[0];
  csv.quote = json["quote"].get_ref<const std::string&>()[0];
  csv.has_header = json["header"];
  csv.missing_markers = json["missing"].get<std::vector<std::string>>();
  return csv;
}

engine::SplitConfig split_config(const Json& json) {
  engine::SplitConfig split;
  if (json.contains("column")) {
    split.test_fraction = 0.0;
    split.column = json["column"];
    return split;
  }
  split.test_fraction = json["test"];
  split.validation_fraction = json["validation"];
  split.stratify = json["stratify"];
  return split;
}

engine::DataConfig data_config(const Json& json, const std::string& base_directory) {
  using engine::ColumnKind;
  using engine::DataFormat;
  static constexpr auto kFormats =
      words(word("auto", DataFormat::kAuto), word("csv", DataFormat::kCsv),
            word("idx", DataFormat::kIdx), word("hdf5", DataFormat::kHdf5));
  static constexpr auto kKinds =
      words(word("numeric", ColumnKind::kNumeric), word("categorical", ColumnKind::kCategorical));
  engine::DataConfig data;
  data.source = resolve_path(json["source"], base_directory);
  data.labels = resolve_path(json["labels"], base_directory);
  data.format = enum_of(json["format"], kFormats);
  data.csv = csv_options(json["csv"]);
  for (const auto& [name, kind] : json["columns"].items()) {
    data.column_kinds[name] = enum_of(kind, kKinds);
  }
  data.target = json["target"];
  data.split = split_config(json["split"]);
  return data;
}

engine::ColumnSelection column_selection(const Json& json) {
  using Rule = engine::ColumnSelection::Rule;
  static constexpr auto kRules =
      words(word("numeric", Rule::kAllNumeric), word("categorical", Rule::kAllCategorical),
            word("all", Rule::kAll));
  if (json.is_array()) return {Rule::kNamed, json.get<std::vector<std::string>>()};
  return {enum_of(json, kRules), {}};
}

engine::TransformConfig transform_config(const Json& json, const std::string& pointer) {
  using engine::ImputeStrategy;
  using engine::UnseenPolicy;
  static constexpr auto kStrategies =
      words(word("mean", ImputeStrategy::kMean), word("median", ImputeStrategy::kMedian),
            word("most_frequent", ImputeStrategy::kMostFrequent),
            word("constant", ImputeStrategy::kConstant));
  static constexpr auto kUnseen =
      words(word("error", UnseenPolicy::kError), word("ignore", UnseenPolicy::kIgnore),
            word("other", UnseenPolicy::kOther));
  engine::TransformConfig transform;
  transform.op = json["op"];
  transform.config_pointer = pointer;
  transform.columns = column_selection(json["columns"]);
  for (const char* key : {"low", "high", "value"}) {
    if (!json.contains(key)) continue;
    if (json[key].is_number()) transform.numbers[key] = json[key];
    if (json[key].is_string()) transform.texts[key] = json[key];
  }
  if (json.contains("strategy")) transform.strategy = enum_of(json["strategy"], kStrategies);
  if (json.contains("unseen")) transform.unseen = enum_of(json["unseen"], kUnseen);
  transform.indicator = json.value("indicator", false);
  return transform;
}

std::vector<engine::LayerConfig> layer_list(const Json& list);

engine::LayerConfig layer_config(const Json& json) {
  engine::LayerConfig layer;
  layer.kind = engine::layer_kind_called(json["type"].get_ref<const std::string&>()).value();
  layer.size =
      json.value(layer.kind == engine::LayerKind::kDense ? "units" : "channels", layer.size);
  layer.window =
      json.value(layer.kind == engine::LayerKind::kConv2d ? "kernel" : "window", layer.window);
  layer.stride = json.value("stride", layer.stride);
  layer.dilation = json.value("dilation", layer.dilation);
  layer.groups = json.value("groups", layer.groups);
  layer.pads = json.value("padding", "none") == "same";
  layer.bias = json.value("bias", layer.bias);
  const char* function = layer.kind == engine::LayerKind::kActivation ? "function" : "activation";
  layer.activation = engine::activation_called(json.value(function, "none"));
  layer.momentum = json.value("momentum", layer.momentum);
  layer.probability = json.value("probability", layer.probability);
  layer.pixels = json.value("pixels", layer.pixels);
  if (layer.kind != engine::LayerKind::kResidual) return layer;
  layer.branch = layer_list(json["layers"]);
  layer.shortcut = layer_list(json["shortcut"]);
  return layer;
}

std::vector<engine::LayerConfig> layer_list(const Json& list) {
  std::vector<engine::LayerConfig> layers;
  for (const Json& json : list) layers.push_back(layer_config(json));
  return layers;
}

engine::ModelConfig network_config(const Json& json, engine::ModelConfig model) {
  model.layers = layer_list(json["layers"]);
  if (!json.contains("image")) return model;
  const Json& image = json["image"];
  model.image = {image["height"], image["width"], image["channels"]};
  return model;
}

engine::ModelConfig model_config(const Json& json, const std::string& matmul) {
  engine::ModelConfig model;
  model.type = json["type"];
  model.matmul = kernels::matmul_called(matmul).value();
  if (model.type == "network") return network_config(json, std::move(model));
  if (model.type != "mlp") return model;
  model.hidden = json["hidden"].get<std::vector<int64_t>>();
  model.activation =
      engine::activation_called(json["activation"].get_ref<const std::string&>()).value();
  model.dropout = json["dropout"];
  model.layer_norm = json["layer_norm"];
  return model;
}

engine::LossConfig loss_config(const Json& json) {
  using engine::ClassWeightRule;
  using engine::LossKind;
  static constexpr auto kLosses =
      words(word("mse", LossKind::kMse), word("huber", LossKind::kHuber),
            word("cross_entropy", LossKind::kCrossEntropy),
            word("binary_cross_entropy", LossKind::kBinaryCrossEntropy));
  static constexpr auto kWeightRules =
      words(word("none", ClassWeightRule::kNone), word("balanced", ClassWeightRule::kBalanced));
  engine::LossConfig loss;
  loss.kind = enum_of(json["type"], kLosses);
  loss.huber_delta = json.value("delta", loss.huber_delta);
  if (!json.contains("class_weights")) return loss;
  const Json& weights = json["class_weights"];
  if (weights.is_array()) {
    loss.class_weights = ClassWeightRule::kGiven;
    loss.given_class_weights = weights.get<std::vector<double>>();
  } else {
    loss.class_weights = enum_of(weights, kWeightRules);
  }
  return loss;
}

engine::OptimizerConfig optimizer_config(const Json& json) {
  using engine::OptimizerKind;
  static constexpr auto kOptimizers =
      words(word("sgd", OptimizerKind::kSgd), word("adam", OptimizerKind::kAdam),
            word("adamw", OptimizerKind::kAdamw));
  engine::OptimizerConfig optimizer;
  optimizer.kind = enum_of(json["type"], kOptimizers);
  optimizer.learning_rate = json["learning_rate"];
  optimizer.weight_decay = json["weight_decay"];
  if (optimizer.kind == OptimizerKind::kSgd) {
    optimizer.momentum = json["momentum"];
    optimizer.nesterov = json["nesterov"];
  } else {
    optimizer.beta1 = json["beta1"];
    optimizer.beta2 = json["beta2"];
    optimizer.epsilon = json["epsilon"];
  }
  return optimizer;
}

engine::ScheduleConfig schedule_config(const Json& json) {
  using engine::ScheduleKind;
  static constexpr auto kSchedules =
      words(word("constant", ScheduleKind::kConstant), word("step", ScheduleKind::kStep),
            word("cosine", ScheduleKind::kCosine));
  engine::ScheduleConfig schedule;
  schedule.kind = enum_of(json["type"], kSchedules);
  schedule.warmup_steps = json["warmup_steps"];
  schedule.step_epochs = json.value("every_epochs", schedule.step_epochs);
  schedule.gamma = json.value("gamma", schedule.gamma);
  schedule.final_factor = json.value("final_factor", schedule.final_factor);
  return schedule;
}

engine::TrainConfig train_config(const Json& json) {
  engine::TrainConfig train;
  train.epochs = json["epochs"];
  train.batch_size = json["batch_size"];
  train.shuffle = json["shuffle"];
  train.loss = loss_config(json["loss"]);
  train.optimizer = optimizer_config(json["optimizer"]);
  train.schedule = schedule_config(json["schedule"]);
  if (!json["clip_norm"].is_null()) train.clip_norm = json["clip_norm"];
  if (const Json& stopping = json["early_stopping"]; !stopping.is_null()) {
    train.early_stopping = {stopping["metric"], stopping["patience"], stopping["min_delta"]};
  }
  const bool standardizes = json["target_transform"] == "standardize";
  train.target_transform =
      standardizes ? engine::TargetTransform::kStandardize : engine::TargetTransform::kNone;
  train.metrics = json["metrics"].get<std::vector<std::string>>();
  return train;
}

OutputConfig output_config(const Json& json, const std::string& base_directory) {
  OutputConfig output;
  output.directory = resolve_path(json["directory"], base_directory);
  output.features = json["features"];
  output.trace_stride = json["trace_stride"];
  output.checkpoint_stride = json["checkpoint_stride"];
  output.checkpoints_kept = json["checkpoints_kept"];
  output.log_level = json["log_level"];
  return output;
}

}  // namespace

RunConfig load_run_config(const std::string& path, std::span<const std::string> assignments) {
  JsonDocument document = read_json_file(path);
  for (const std::string& assignment : assignments) {
    apply_set(document, Schema::config(), assignment);
  }
  const std::filesystem::path file(path);
  RunConfig config = run_config_from_json(document, file.parent_path().string());
  check_layer_rules(config.model, document);
  if (config.name.empty()) config.name = file.stem().string();
  return config;
}

RunConfig run_config_from_json(const JsonDocument& document, const std::string& base_directory) {
  RunConfig config;
  config.resolved = resolve(document, Schema::config());
  const Json& json = std::as_const(config.resolved);
  check_config_rules(json, document);
  config.name = json["name"];
  config.description = json["description"];
  config.seed = json["seed"];
  config.data = data_config(json["data"], base_directory);
  for (size_t i = 0; i < json["features"].size(); ++i) {
    config.features.push_back(transform_config(json["features"][i], child_pointer("/features", i)));
  }
  config.numerics = {json["numerics"]["mode"], json["numerics"]["matmul"],
                     json["numerics"].value("precision", "")};
  config.trains = !json["model"].is_null();
  if (config.trains) {
    config.model = model_config(json["model"], config.numerics.matmul);
    config.model.uses_library = !config.numerics.is_portable();
    config.train = train_config(json["train"]);
  }
  config.output = output_config(json["output"], base_directory);
  const Json& runtime = json["runtime"];
  config.runtime = {runtime["device"], runtime["threads"], runtime["memory_limit"]};
  return config;
}

Json identity_part(const Json& resolved) { return Schema::config().identity_part(resolved); }

void require_training(const RunConfig& config, const std::string& path) {
  if (config.trains) return;
  throw Error(
      ErrorKind::kConfig,
      path + ": missing keys /model and /train; without them only features can be exported");
}

}  // namespace reprotrain::harness
