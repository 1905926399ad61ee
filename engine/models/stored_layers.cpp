// SPDX-License-Identifier: Apache-2.0
#include "engine/models/stored_layers.h"

#include <array>
#include <utility>

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

std::vector<LayerConfig> load_list(const StoredGroup& group);

LayerConfig load_layer(const StoredGroup& group) {
  LayerConfig layer;
  const std::string& type = group.text("type");
  const std::optional<LayerKind> kind = layer_kind_called(type);
  if (!kind) group.refuse("layer type \"" + type + "\" is unknown");
  layer.kind = *kind;
  const std::string& function = group.text("activation");
  layer.activation = activation_called(function);
  if (!layer.activation && function != kNoActivation) {
    group.refuse("activation \"" + function + "\" is unknown");
  }
  for (const auto& [name, field] : kIntegers) layer.*field = group.integer(name);
  for (const auto& [name, field] : kFlags) layer.*field = group.integer(name) != 0;
  for (const auto& [name, field] : kReals) layer.*field = group.real(name);
  if (layer.kind != LayerKind::kResidual) return layer;
  layer.branch = load_list(group.group("layers"));
  layer.shortcut = load_list(group.group("shortcut"));
  return layer;
}

std::vector<LayerConfig> load_list(const StoredGroup& group) {
  const int64_t count = group.integer("count");
  if (count != static_cast<int64_t>(group.node().children.size())) {
    group.refuse("the count of its layers is not their number");
  }
  std::vector<LayerConfig> layers;
  for (int64_t i = 0; i < count; ++i) layers.push_back(load_layer(group.group(std::to_string(i))));
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

void load_layers(const StoredGroup& root, ModelConfig& config) {
  const StoredGroup group = root.group("layers");
  config.layers = load_list(group);
  if (!group.has_attribute(kSides[0].first)) return;
  ImageConfig image;
  for (const auto& [name, side] : kSides) image.*side = group.integer(name);
  config.image = image;
}

}  // namespace reprotrain::engine
