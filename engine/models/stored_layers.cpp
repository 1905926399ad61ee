// SPDX-License-Identifier: Apache-2.0
#include "engine/models/stored_layers.h"

#include <array>
#include <utility>

namespace reprotrain::engine {

namespace {

constexpr const char* kNoActivation = "none";

constexpr std::array<std::pair<const char*, int64_t ImageConfig::*>, 3> kSides = {
    {{"image_height", &ImageConfig::height},
     {"image_width", &ImageConfig::width},
     {"image_channels", &ImageConfig::channels}}};

/// `padding`, which the configuration names by words.
template <typename Flag>
struct Padding {
  Flag& pads;
};

constexpr const char* kSamePadding = "same";
constexpr const char* kNoPadding = "none";

/// visit(name, field) for each field that the configuration gives a layer of this kind, by its name.
template <typename Layer, typename Visit>
void for_each_field(Layer& layer, const Visit& visit) {
  switch (layer.kind) {
    case LayerKind::kConv2d:
      visit("channels", layer.size);
      visit("kernel", layer.window);
      visit("stride", layer.stride);
      visit("dilation", layer.dilation);
      visit("groups", layer.groups);
      visit("padding", Padding{layer.pads});
      visit("bias", layer.bias);
      return visit("activation", layer.activation);
    case LayerKind::kMaxPool:
    case LayerKind::kAveragePool:
      visit("window", layer.window);
      visit("stride", layer.stride);
      return visit("padding", Padding{layer.pads});
    case LayerKind::kBatchNorm:
      return visit("momentum", layer.momentum);
    case LayerKind::kActivation:
      return visit("function", layer.activation);
    case LayerKind::kDropout:
    case LayerKind::kRandomFlip:
      return visit("probability", layer.probability);
    case LayerKind::kRandomShift:
      return visit("pixels", layer.pixels);
    case LayerKind::kDense:
      visit("units", layer.size);
      return visit("activation", layer.activation);
    case LayerKind::kGlobalAveragePool:
    case LayerKind::kFlatten:
    case LayerKind::kLayerNorm:
    case LayerKind::kResidual:
      return;
  }
}

struct FieldWriter {
  Hdf5Node& node;

  void operator()(const char* name, int64_t value) const { write(name, value); }
  void operator()(const char* name, bool value) const { write(name, static_cast<int64_t>(value)); }
  void operator()(const char* name, double value) const { write(name, value); }
  void operator()(const char* name, const std::optional<Activation>& value) const {
    write(name, std::string(value ? name_of(*value) : kNoActivation));
  }
  void operator()(const char* name, const Padding<const bool>& value) const {
    write(name, std::string(value.pads ? kSamePadding : kNoPadding));
  }

 private:
  template <typename T>
  void write(const char* name, const T& value) const {
    node.attributes[name] = Array::scalar(value);
  }
};

struct FieldReader {
  const StoredGroup& group;

  void operator()(const char* name, int64_t& field) const { field = group.integer(name); }
  void operator()(const char* name, bool& field) const { field = group.integer(name) != 0; }
  void operator()(const char* name, double& field) const { field = group.real(name); }
  void operator()(const char* name, std::optional<Activation>& field) const {
    const std::string& word = group.text(name);
    field = activation_called(word);
    if (!field && word != kNoActivation) refuse(name, word);
  }
  void operator()(const char* name, const Padding<bool>& field) const {
    const std::string& word = group.text(name);
    field.pads = word == kSamePadding;
    if (!field.pads && word != kNoPadding) refuse(name, word);
  }

 private:
  [[noreturn]] void refuse(const std::string& name, const std::string& word) const {
    group.refuse(name + " \"" + word + "\" is unknown");
  }
};

void save_list(const std::vector<LayerConfig>& layers, Hdf5Node& group);

void save_layer(const LayerConfig& layer, Hdf5Node& node) {
  node.attributes["type"] = Array::scalar(std::string(name_of(layer.kind)));
  for_each_field(layer, FieldWriter{node});
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
  for_each_field(layer, FieldReader{group});
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
