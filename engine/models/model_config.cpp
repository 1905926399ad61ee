// SPDX-License-Identifier: Apache-2.0
#include "engine/models/model_config.h"

#include <array>

namespace reprotrain::engine {

namespace {

// In the order of the enumerators.
constexpr std::array<const char*, 4> kActivationNames = {"relu", "tanh", "sigmoid", "gelu"};

}  // namespace

const char* name_of(Activation activation) {
  return kActivationNames.at(static_cast<size_t>(activation));
}

std::optional<Activation> activation_called(std::string_view name) {
  for (size_t i = 0; i < kActivationNames.size(); ++i) {
    if (name == kActivationNames[i]) return static_cast<Activation>(i);
  }
  return std::nullopt;
}

}  // namespace reprotrain::engine
