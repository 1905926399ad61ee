// SPDX-License-Identifier: Apache-2.0
// Layers of a `network` that do not fit one another, refused where the configuration names them.
#pragma once

#include "engine/models/model_config.h"
#include "harness/config/json_document.h"

namespace reprotrain::harness {

/// Needs no data where the configuration says what a row is; does nothing where it does not. Throws
/// Error(kConfig) with one sentence that begins with the place of the layer in `document`.
void check_layer_rules(const engine::ModelConfig& model, const JsonDocument& document);

}  // namespace reprotrain::harness
