// SPDX-License-Identifier: Apache-2.0
// The models that a configuration can name, one visible list.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/models/model_config.h"
#include "engine/models/network.h"
#include "engine/train/targets.h"

namespace reprotrain::engine {

/// A model is a shape of Network with the tasks it makes sense for.
struct ModelEntry {
  std::string_view name;
  bool regression;  ///< which tasks it allows
  bool binary;
  bool multiclass;
  bool hidden_layers;  ///< `hidden`, `dropout` and `layer_norm` may be set

  bool allows(Task task) const {
    return task == Task::kRegression ? regression : task == Task::kBinary ? binary : multiclass;
  }
};

/// linear_regression, logistic_regression, softmax_regression, mlp, network.
std::span<const ModelEntry> model_list();

/// The entry of that name, or nullptr.
const ModelEntry* find_model(std::string_view name);

/// The network of `config` for `task`: one output, or one for each class for kMulticlass.
///
/// Throws Error(kConfig) naming the key when the type is unknown, does not suit the task, or has
/// hidden layers, dropout or layer norm set where it has none.
Network build_network(const ModelConfig& config, Task task, int64_t n_features, int64_t n_outputs,
                      uint64_t seed, ComputeDevice& device);

/// The same with `values` as its parameters, which are asked for before memory is taken for them.
Network restore_network(const ModelConfig& config, Task task, int64_t n_features, int64_t n_outputs,
                        const ParameterValues& values, ComputeDevice& device);

}  // namespace reprotrain::engine
