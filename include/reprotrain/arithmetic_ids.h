// SPDX-License-Identifier: Apache-2.0
// The arithmetic specifications that this build implements, each a section of docs/arithmetic.md.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace reprotrain {

/// A definition of matrix products.
struct MatmulDefinition {
  std::string_view name;  ///< in `numerics.matmul`, or `numerics.precision`
  std::string_view id;
};
inline constexpr MatmulDefinition kMatmulDefinitions[] = {
    {"fma32", "fma32-v1-draft"},
    {"int8x2", "int8x2-v1-draft"},
    {"int8x3", "int8x3-v1-draft"},
};

/// Products of a device's own libraries, which repeat their bits on one kind of device only
/// (docs/device-mode.md).
inline constexpr MatmulDefinition kLibraryDefinitions[] = {
    {"fp32", "library-fp32-v1-draft"},
    {"tf32", "library-tf32-v1-draft"},
    {"bf16", "library-bf16-v1-draft"},
};

/// Ids that every run uses, ascending.
inline std::vector<std::string> common_arithmetic_ids() {
  return {
      "elementary32-v1-draft", "exact-sum-v1-draft", "features-v1-draft", "initialisation-v1-draft",
      "layers-v1-draft",       "losses-v1-draft",    "metrics-v1-draft",  "optimizers-v1-draft",
      "philox-v1-draft",       "schedules-v1-draft", "shuffle-v1-draft",  "training-v1-draft",
  };
}

/// Ids that a model of type `network` uses besides, ascending: its layers may be any.
inline std::vector<std::string> network_arithmetic_ids() {
  return {"batch-norm-v1-draft", "conv-v1-draft", "network-v1-draft", "pooling-v1-draft"};
}

/// Ids that a run uses, ascending, with `products` for numerics.matmul, or for numerics.precision in mode
/// device, and `model` for model.type. They are part of its record and of its result id: a change of
/// any number comes with another version of its id. `-draft` goes with version 1.0 of the program.
inline std::vector<std::string> arithmetic_ids(std::string_view products, std::string_view model) {
  std::vector<std::string> ids = common_arithmetic_ids();
  if (model == "network") {
    for (const std::string& id : network_arithmetic_ids()) ids.push_back(id);
  }
  for (const MatmulDefinition& definition : kMatmulDefinitions) {
    if (definition.name == products) ids.emplace_back(definition.id);
  }
  for (const MatmulDefinition& definition : kLibraryDefinitions) {
    if (definition.name == products) ids.emplace_back(definition.id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

/// All ids that this build can execute, ascending.
inline std::vector<std::string> known_arithmetic_ids() {
  std::vector<std::string> ids = common_arithmetic_ids();
  for (const std::string& id : network_arithmetic_ids()) ids.push_back(id);
  for (const MatmulDefinition& definition : kMatmulDefinitions) ids.emplace_back(definition.id);
  for (const MatmulDefinition& definition : kLibraryDefinitions) ids.emplace_back(definition.id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace reprotrain
