// SPDX-License-Identifier: Apache-2.0
// What a configuration says about the model: section `model`, and how it multiplies matrices.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/models/layer_config.h"
#include "kernels/elementwise/activation_kind.h"
#include "kernels/matmul/matmul.h"

namespace reprotrain::engine {

using kernels::Activation;

/// "relu", "tanh", "sigmoid", "gelu": in configurations, model files and the kernels' list alike.
const char* name_of(Activation activation);

/// The activation of that name, or nothing.
std::optional<Activation> activation_called(std::string_view name);

struct ModelConfig {
  std::string type = "mlp";     ///< a name of the model list: linear_regression, ...
  std::vector<int64_t> hidden;  ///< widths of the hidden layers, input side first (mlp)
  Activation activation = Activation::kRelu;
  double dropout = 0.0;              ///< probability of zeroing a hidden activation
  bool layer_norm = false;           ///< before each activation
  std::optional<ImageConfig> image;  ///< network: how features are an image; nothing: they are not
  std::vector<LayerConfig> layers;   ///< network: all but the last, which leads to the outputs
  kernels::MatmulSpecification matmul = kernels::MatmulSpecification::
      kFma32;                 ///< of dense layers and convolutions, forward and backward
  bool uses_library = false;  ///< products of the device's libraries; `matmul` is then predict's

  kernels::MatmulSpecification product() const {
    return uses_library ? kernels::MatmulSpecification::kLibrary : matmul;
  }
};

}  // namespace reprotrain::engine
