// SPDX-License-Identifier: Apache-2.0
#include "engine/run_outputs.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include "engine/data/content_id.h"
#include "engine/data/hdf5_writer.h"
#include "engine/data/stored_group.h"
#include "engine/models/model_list.h"
#include "engine/models/stored_layers.h"
#include "include/reprotrain/error.h"
#include "kernels/base/float_bits.h"

namespace reprotrain::engine {

namespace {

constexpr int64_t kModelFormat = 1;

/// The result files that hold tensors, with the prefix of their names.
constexpr std::array<std::pair<const char*, const char*>, 3> kTensorFiles = {
    {{"model/", "model.h5"}, {"features/", "features.h5"}, {"predictions/", "predictions.h5"}}};

/// Ids of all datasets below `node`.
void collect_ids(const Hdf5Node& node, const std::string& prefix, ContentIds& ids) {
  for (const auto& [name, child] : node.children) {
    if (child.is_dataset) {
      ids[prefix + name] = array_content_id(child.array);
    } else {
      collect_ids(child, prefix + name + "/", ids);
    }
  }
}

Activation stored_activation(const StoredGroup& root) {
  const std::string& name = root.text("activation");
  const std::optional<Activation> activation = activation_called(name);
  if (!activation) root.refuse("activation \"" + name + "\" is unknown");
  return *activation;
}

kernels::MatmulSpecification stored_matmul(const StoredGroup& root) {
  const std::string& name = root.text("matmul");
  const std::optional<kernels::MatmulSpecification> matmul = kernels::matmul_called(name);
  if (!matmul) root.refuse("matmul \"" + name + "\" is unknown");
  return *matmul;
}

size_t dataset_count(const Hdf5Node& node) {
  size_t count = node.is_dataset ? 1 : 0;
  for (const auto& [name, child] : node.children) count += dataset_count(child);
  return count;
}

void save_config(const ModelConfig& config, Hdf5Node& root) {
  root.attributes["type"] = Array::scalar(config.type);
  root.attributes["activation"] = Array::scalar(std::string(name_of(config.activation)));
  root.attributes["layer_norm"] = Array::scalar(static_cast<int64_t>(config.layer_norm));
  root.attributes["matmul"] = Array::scalar(std::string(name_of(config.matmul)));
  root.attributes["hidden"] = Array::of(std::span<const int64_t>(config.hidden),
                                        {static_cast<int64_t>(config.hidden.size())});
  if (config.type == "network") save_layers(config, root);
}

ModelConfig load_config(const StoredGroup& root) {
  ModelConfig config;
  config.type = root.text("type");
  config.activation = stored_activation(root);
  config.layer_norm = root.integer("layer_norm") != 0;
  config.matmul = stored_matmul(root);
  const auto hidden = root.attribute("hidden", ElementType::kInt64).int64s();
  if (hidden.size() > dataset_count(root.group("parameters").node())) {
    root.refuse("it has more hidden layers than tensors");
  }
  config.hidden.assign(hidden.begin(), hidden.end());
  if (config.type == "network") load_layers(root, config);
  return config;
}

/// The values of a model's tensors, which are all compared with what the file holds at first.
std::vector<float> load_parameters(const StoredGroup& group, const std::vector<Parameter>& list) {
  for (const Parameter& parameter : list) {
    const Hdf5Node& node = group.node().require(parameter.name, group.file().path);
    if (!node.is_dataset || node.array.type != ElementType::kFloat32 ||
        node.array.shape != parameter.shape) {
      group.refuse("tensor \"" + parameter.name + "\" has another type or shape than the model's");
    }
  }
  if (dataset_count(group.node()) != list.size()) {
    group.refuse("it holds tensors that its layers do not have");
  }
  std::vector<float> parameters;
  for (const Parameter& parameter : list) {
    const auto values = group.dataset(parameter.name, ElementType::kFloat32).floats();
    parameters.insert(parameters.end(), values.begin(), values.end());
  }
  return parameters;
}

std::vector<std::string> split_names(const Split& split, int64_t n_rows) {
  std::vector<std::string> names(static_cast<size_t>(n_rows), "train");
  for (int64_t row : split.validation) names[static_cast<size_t>(row)] = "validation";
  for (int64_t row : split.test) names[static_cast<size_t>(row)] = "test";
  return names;
}

/// The target as a column: numbers, or class texts.
Array target_array(const Target& target) {
  if (target.task == Task::kRegression) {
    return Array::of(std::span<const float>(target.values),
                     {static_cast<int64_t>(target.values.size())});
  }
  std::vector<std::string> texts;
  texts.reserve(target.class_of_row.size());
  for (int32_t index : target.class_of_row) {
    texts.push_back(target.classes[static_cast<size_t>(index)]);
  }
  return Array::of(std::move(texts));
}

std::string bits_text(const Array& array, int64_t index) {
  const auto i = static_cast<size_t>(index);
  if (array.type == ElementType::kString) return "\"" + array.strings[i] + "\"";
  char text[64];
  if (array.type == ElementType::kFloat32) {
    std::snprintf(text, sizeof text, "%a", static_cast<double>(array.floats()[i]));
  } else if (array.type == ElementType::kFloat64) {
    std::snprintf(text, sizeof text, "%a", array.doubles()[i]);
  } else if (array.type == ElementType::kInt64) {
    std::snprintf(text, sizeof text, "%lld", static_cast<long long>(array.int64s()[i]));
  } else {
    return "other bytes";
  }
  return text;
}

/// First index at which two arrays of one type and shape differ, or -1.
int64_t first_difference(const Array& a, const Array& b) {
  if (a.type == ElementType::kString) {
    const auto [left, right] = std::mismatch(a.strings.begin(), a.strings.end(), b.strings.begin());
    return left == a.strings.end() ? -1 : left - a.strings.begin();
  }
  const auto [left, right] = std::mismatch(a.bytes.begin(), a.bytes.end(), b.bytes.begin());
  return left == a.bytes.end() ? -1 : (left - a.bytes.begin()) / element_size_bytes(a.type);
}

std::string index_text(int64_t flat, const std::vector<int64_t>& shape) {
  std::string text;
  for (size_t axis = shape.size(); axis-- > 0;) {
    text = std::to_string(flat % shape[axis]) + (text.empty() ? "" : ",") + text;
    flat /= shape[axis];
  }
  return "[" + text + "]";
}

}  // namespace

ContentIds write_model(const std::string& path, const ModelConfig& config, const FeaturePlan& plan,
                       const std::vector<std::string>& feature_names, const Target& target,
                       const Network& network) {
  Hdf5Node root;
  root.attributes["reprotrain_model"] = Array::scalar(kModelFormat);
  save_config(config, root);
  root.set_dataset("feature_names", Array::of(feature_names));
  plan.save(root.at_or_create("transforms"));
  save_target(target, root.at_or_create("target"));
  const std::vector<float> parameters = network.host_parameters();
  const std::span<const float> values(parameters);
  for (const Parameter& parameter : network.parameter_list()) {
    root.set_dataset("parameters/" + parameter.name,
                     Array::of(values.subspan(static_cast<size_t>(parameter.offset),
                                              static_cast<size_t>(parameter.size)),
                               parameter.shape));
  }
  write_hdf5(root, path);
  ContentIds ids;
  collect_ids(root, "model/", ids);
  return ids;
}

namespace {

SavedModel model_in(const StoredGroup& root, ComputeDevice& device) {
  if (root.integer("reprotrain_model") != kModelFormat) {
    root.refuse("its format version is another one");
  }
  const ModelConfig config = load_config(root);
  const auto& names = root.list("feature_names", ElementType::kString).strings;
  Target target = load_target(root.group("target"));
  const auto parameters = [&](const std::vector<Parameter>& list) {
    return load_parameters(root.group("parameters"), list);
  };
  Network network = restore_network(config, target.task, static_cast<int64_t>(names.size()),
                                    target.n_outputs(), parameters, device);
  return {config, FeaturePlan::load(root.group("transforms").node()), names, std::move(target),
          std::move(network)};
}

}  // namespace

SavedModel read_model(const std::string& path, ComputeDevice& device) {
  try {
    const Hdf5Node root = read_hdf5(path);
    const StoredFile file{path, "model"};
    return model_in({root, file}, device);
  } catch (const Error& error) {
    // What is wrong with a configuration or data elsewhere is here a file that was edited.
    if (error.kind() != ErrorKind::kConfig && error.kind() != ErrorKind::kData) throw;
    const std::string what = error.what();
    throw Error(ErrorKind::kEvidence, what.starts_with(path) ? what : path + ": " + what);
  }
}

ContentIds write_features(const std::string& path, const FeatureMatrix& features,
                          const Target* target, const Split* split) {
  const std::vector<int64_t> shape = {features.n_rows, features.n_features()};
  ContentIds ids;
  ids["features/X"] = tensor_content_id(ElementType::kFloat32, shape,
                                        std::as_bytes(std::span<const float>(features.values)));
  std::map<std::string, Array> columns;
  if (target != nullptr) columns["y"] = target_array(*target);
  if (split != nullptr) columns["split"] = Array::of(split_names(*split, features.n_rows));
  std::vector<int64_t> row_id(static_cast<size_t>(features.n_rows));
  for (size_t row = 0; row < row_id.size(); ++row) row_id[row] = static_cast<int64_t>(row);
  columns["row_id"] = Array::of(std::span<const int64_t>(row_id), {features.n_rows});
  for (const auto& [name, array] : columns) ids["features/" + name] = array_content_id(array);
  if (path.empty()) return ids;

  write_hdf5_file(path, [&](Hdf5Writer& writer) {
    writer.dataset("/X", ElementType::kFloat32, shape, features.values.data());
    writer.attribute("/X", "feature_names", Array::of(features.names));
    for (const auto& [name, array] : columns) writer.dataset("/" + name, array);
  });
  return ids;
}

ContentIds write_predictions(const std::string& path, const Predictions& predictions,
                             const Target& target) {
  Hdf5Node root;
  const auto n_rows = static_cast<int64_t>(predictions.rows.size());
  root.set_dataset("row_id", Array::of(std::span<const int64_t>(predictions.rows), {n_rows}));
  if (!predictions.split.empty()) root.set_dataset("split", Array::of(predictions.split));
  if (target.task == Task::kRegression) {
    root.set_dataset("prediction", Array::of(std::span<const float>(predictions.values), {n_rows}));
  } else {
    std::vector<std::string> texts;
    for (int32_t index : predictions.classes) {
      texts.push_back(target.classes[static_cast<size_t>(index)]);
    }
    root.set_dataset("prediction", Array::of(std::move(texts)));
    root.set_dataset("probability",
                     Array::of(std::span<const float>(predictions.probabilities),
                               {n_rows, static_cast<int64_t>(target.classes.size())}));
    root.at_or_create("probability").attributes["classes"] = Array::of(target.classes);
  }
  write_hdf5(root, path);
  ContentIds ids;
  collect_ids(root, "predictions/", ids);
  return ids;
}

ContentIds output_content_ids(const std::string& result_directory) {
  ContentIds ids;
  for (const auto& [prefix, name] : kTensorFiles) {
    const std::string path = result_directory + "/" + name;
    if (std::filesystem::exists(path)) collect_ids(read_hdf5(path), prefix, ids);
  }
  return ids;
}

std::string first_differing_element(const std::string& recorded_directory,
                                    const std::string& actual_directory,
                                    const std::string& tensor) {
  for (const auto& [prefix, name] : kTensorFiles) {
    if (tensor.rfind(prefix, 0) != 0) continue;
    const std::string file = std::string("/") + name;
    if (!std::filesystem::exists(recorded_directory + file) ||
        !std::filesystem::exists(actual_directory + file)) {
      return {};
    }
    const std::string inside = tensor.substr(std::strlen(prefix));
    const Hdf5Node recorded = read_hdf5(recorded_directory + file);
    const Hdf5Node actual = read_hdf5(actual_directory + file);
    const Hdf5Node* recorded_tensor = recorded.find(inside);
    const Hdf5Node* actual_tensor = actual.find(inside);
    if (recorded_tensor == nullptr || actual_tensor == nullptr) return {};
    const Array& a = recorded_tensor->array;
    const Array& b = actual_tensor->array;
    if (a.type != b.type) return "types differ";
    if (a.shape != b.shape) return "shapes differ";
    const int64_t index = first_difference(a, b);
    if (index < 0) return {};
    return "first at element " + index_text(index, a.shape) + ": " + bits_text(a, index) +
           " became " + bits_text(b, index);
  }
  return {};
}

}  // namespace reprotrain::engine
