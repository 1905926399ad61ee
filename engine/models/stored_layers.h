// SPDX-License-Identifier: Apache-2.0
// The configured layers of a `network` in model.h5: group `layers`, a group a layer, named by its
// number from 0, with its `type` and an attribute a field, by the names of the configuration; a residual layer holds groups `layers` and `shortcut`.
#pragma once

#include "engine/data/stored_group.h"
#include "engine/models/model_config.h"

namespace reprotrain::engine {

void save_layers(const ModelConfig& config, Hdf5Node& root);

/// Throws Error(kEvidence) naming the file where something is missing or unknown.
void load_layers(const StoredGroup& root, ModelConfig& config);

}  // namespace reprotrain::engine
