// SPDX-License-Identifier: Apache-2.0
#include "engine/models/layer_config.h"

#include <array>

namespace reprotrain::engine {

namespace {

// In the order of the enumerators.
constexpr std::array<const char*, 13> kLayerNames = {
    "conv2d",      "max_pool", "average_pool", "global_average_pool", "batch_norm", "activation",
    "dropout",     "flatten",  "dense",        "layer_norm",          "residual",   "random_flip",
    "random_shift"};

}  // namespace

const char* name_of(LayerKind kind) { return kLayerNames.at(static_cast<size_t>(kind)); }

std::optional<LayerKind> layer_kind_called(std::string_view name) {
  for (size_t i = 0; i < kLayerNames.size(); ++i) {
    if (name == kLayerNames[i]) return static_cast<LayerKind>(i);
  }
  return std::nullopt;
}

}  // namespace reprotrain::engine
