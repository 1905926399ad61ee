// SPDX-License-Identifier: Apache-2.0
// From configured layers to layers that run: shapes are inferred one by one, and refused with the
// place in the configuration.
#pragma once

#include <cstdint>

#include "engine/models/layer_chain.h"
#include "engine/models/model_config.h"

namespace reprotrain::engine {

/// The layers of `config` (type `network`), and a dense layer to the outputs.
///
/// Throws Error(kConfig) with a JSON pointer, what was expected, what was found and the remedy.
LayerChain build_configured_layers(const ModelConfig& config, int64_t n_features,
                                   int64_t n_outputs);

}  // namespace reprotrain::engine
