// SPDX-License-Identifier: Apache-2.0
#include "harness/config/layer_rules.h"

#include <string>

#include "engine/models/layer_builder.h"

namespace reprotrain::harness {

void check_layer_rules(const engine::ModelConfig& model, const JsonDocument& document) {
  if (!model.image) return;
  const auto [height, width, channels] = *model.image;
  try {
    engine::build_configured_layers(model, height * width * channels, /*n_outputs=*/1);
  } catch (const Error& error) {
    const std::string sentence = error.what();  // begins with the pointer of what does not fit
    throw Error(error.kind(),
                document.where(sentence.substr(0, sentence.find(':'))) + ": " + sentence);
  }
}

}  // namespace reprotrain::harness
