// SPDX-License-Identifier: Apache-2.0
#include "engine/models/stored_layers.h"

#include <array>
#include <utility>

#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

constexpr const char* kNoActivation = "none";

using IntegerField = std::pair<const char*, int64_t LayerConfig::*>;
constexpr std::array<IntegerField, 5> kIntegers = {{{"size", &LayerConfig::size},
                                                    {"window", &LayerConfig::window},
                                                    {"stride", &LayerConfig::stride},
                                                    {"dilation", &LayerConfig::dilation},
                                                    {"groups", &LayerConfig::groups}}};
constexpr std::array<std::pair<const char*, bool LayerConfig::*>, 2> kFlags = {
    {{"pads", &LayerConfig::pads}, {"bias", &LayerConfig::bias}}};
constexpr std::array<std::pair<const char*, double LayerConfig::*>, 2> kReals = {
    {{"momentum", &LayerConfig::momentum}, {"probability", &LayerConfig::probability}}};
constexpr std::array<std::pair<const char*, int64_t ImageConfig::*>, 3> kSides = {
    {{"image_height", &ImageConfig::height},
     {"image_width", &ImageConfig::width},
     {"image_channels", &ImageConfig::channels}}};

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw Error(ErrorKind::kEvidence,
              path + ": " + what + "; it is no model of this program version");
}

const Array& attribute(const Hdf5Node& node, const char* name, ElementType type,
                       const std::string& path) {
  const auto found = node.attributes.find(name);
  const bool fits = found != node.attributes.end() && found->second.type == type &&
                    found->second.n_elements() == 1;
  if (!fits) refuse(path, std::string("attribute \"") + name + "\" of a layer is missing or odd");
  return found->second;
}

void save_list(const std::vector<LayerConfig>& layers, Hdf5Node& group);

void save_layer(const LayerConfig& layer, Hdf5Node& node) {
  node.attributes["type"] = Array::scalar(std::string(name_of(layer.kind)));
  node.attributes["activation"] =
      Array::scalar(std::string(layer.activation ? name_of(*layer.activation) : kNoActivation));
  for (const auto& [name, field] : kIntegers) node.attributes[name] = Array::scalar(layer.*field);
  for (const auto& [name, field] : kFlags) {
    node.attributes[name] = Array::scalar(static_cast<int64_t>(layer.*field));
  }
  for (const auto& [name, field] : kReals) node.attributes[name] = Array::scalar(layer.*field);
  if (layer.kind != LayerKind::kResidual) return;
  save_list(layer.branch, node.at_or_create("layers"));
  save_list(layer.shortcut, node.at_or_create("shortcut"));
}

void save_list(const std::vector<LayerConfig>& layers, Hdf5Node& group) {
  group.attributes["count"] = Array::scalar(static_cast<int64_t>(layers.size()));
  for (size_t i = 0; i < layers.size(); ++i) {
    save_layer(layers[i], group.at_or_create(std::to_string(i)));
  }
}

std::vector<LayerConfig> load_list(const Hdf5Node& group, const std::string& path);

LayerConfig load_layer(const Hdf5Node& node, const std::string& path) {
  LayerConfig layer;
  const std::string& type = attribute(node, "type", ElementType::kString, path).strings[0];
  const std::optional<LayerKind> kind = layer_kind_called(type);
  if (!kind) refuse(path, "layer type \"" + type + "\" is unknown");
  layer.kind = *kind;
  const std::string& function =
      attribute(node, "activation", ElementType::kString, path).strings[0];
  layer.activation = activation_called(function);
  if (!layer.activation && function != kNoActivation) {
    refuse(path, "activation \"" + function + "\" is unknown");
  }
  for (const auto& [name, field] : kIntegers) {
    layer.*field = attribute(node, name, ElementType::kInt64, path).int64s()[0];
  }
  for (const auto& [name, field] : kFlags) {
    layer.*field = attribute(node, name, ElementType::kInt64, path).int64s()[0] != 0;
  }
  for (const auto& [name, field] : kReals) {
    layer.*field = attribute(node, name, ElementType::kFloat64, path).doubles()[0];
  }
  if (layer.kind != LayerKind::kResidual) return layer;
  layer.branch = load_list(node.require("layers", path), path);
  layer.shortcut = load_list(node.require("shortcut", path), path);
  return layer;
}

std::vector<LayerConfig> load_list(const Hdf5Node& group, const std::string& path) {
  const int64_t count = attribute(group, "count", ElementType::kInt64, path).int64s()[0];
  std::vector<LayerConfig> layers;
  for (int64_t i = 0; i < count; ++i) {
    layers.push_back(load_layer(group.require(std::to_string(i), path), path));
  }
  return layers;
}

}  // namespace

void save_layers(const ModelConfig& config, Hdf5Node& root) {
  Hdf5Node& group = root.at_or_create("layers");
  save_list(config.layers, group);
  if (!config.image) return;
  for (const auto& [name, side] : kSides)
    group.attributes[name] = Array::scalar((*config.image).*side);
}

void load_layers(const Hdf5Node& root, const std::string& path, ModelConfig& config) {
  const Hdf5Node& group = root.require("layers", path);
  config.layers = load_list(group, path);
  if (group.attributes.count(kSides[0].first) == 0) return;
  ImageConfig image;
  for (const auto& [name, side] : kSides) {
    image.*side = attribute(group, name, ElementType::kInt64, path).int64s()[0];
  }
  config.image = image;
}

}  // namespace reprotrain::engine
