// SPDX-License-Identifier: Apache-2.0
// What a configuration says about one layer of a `network`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kernels/elementwise/activation_kind.h"

namespace reprotrain::engine {

enum class LayerKind {
  kConv2d,
  kMaxPool,
  kAveragePool,
  kGlobalAveragePool,
  kBatchNorm,
  kActivation,
  kDropout,
  kFlatten,
  kDense,
  kLayerNorm,
  kResidual,
  kRandomFlip,
  kRandomShift,
};

/// "conv2d", "max_pool", ...: in configurations and model files alike.
const char* name_of(LayerKind kind);

/// The kind of that name, or nothing.
std::optional<LayerKind> layer_kind_called(std::string_view name);

/// Fields that a kind does not name keep their defaults.
struct LayerConfig {
  LayerKind kind = LayerKind::kFlatten;
  int64_t size = 1;    ///< channels of conv2d, units of dense
  int64_t window = 1;  ///< side of a kernel of conv2d, of a window of pooling
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t groups = 1;
  bool pads = false;  ///< padding `same` instead of `none`
  bool bias = true;
  std::optional<kernels::Activation> activation;  ///< of conv2d, dense, activation
  double momentum = 0.1;                          ///< batch_norm
  double probability = 0.0;                       ///< dropout, random_flip
  int64_t pixels = 0;                             ///< random_shift
  std::vector<LayerConfig> branch;                ///< residual
  std::vector<LayerConfig> shortcut;              ///< residual; empty: identity
};

/// How the features of a row are an image: (height, width, channels), the channels adjacent.
struct ImageConfig {
  int64_t height = 1;
  int64_t width = 1;
  int64_t channels = 1;
};

}  // namespace reprotrain::engine
