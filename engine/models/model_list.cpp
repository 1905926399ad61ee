// SPDX-License-Identifier: Apache-2.0
#include "engine/models/model_list.h"

#include <array>
#include <cassert>
#include <string>

#include "include/reprotrain/error.h"
#include "kernels/base/find_by_name.h"

namespace reprotrain::engine {

namespace {

// clang-format off
constexpr std::array kModels = {
    //         name                   regression binary multiclass hidden layers
    ModelEntry{"linear_regression",   true,      false, false,     false},
    ModelEntry{"logistic_regression", false,     true,  false,     false},
    ModelEntry{"softmax_regression",  false,     false, true,      false},
    ModelEntry{"mlp",                 true,      true,  true,      true},
    ModelEntry{"network",             true,      true,  true,      false},
};
// clang-format on

const char* word_for(Task task) {
  switch (task) {
    case Task::kRegression:
      return "regression (losses mse, huber)";
    case Task::kBinary:
      return "two classes (loss binary_cross_entropy)";
    case Task::kMulticlass:
      return "several classes (loss cross_entropy)";
  }
  return "";
}

std::string names_where(bool (*wanted)(const ModelEntry&, Task), Task task) {
  std::string names;
  for (const ModelEntry& model : kModels) {
    if (!wanted(model, task)) continue;
    names += (names.empty() ? "" : ", ") + std::string(model.name);
  }
  return names;
}

void check(const ModelConfig& config, Task task) {
  const ModelEntry* model = find_model(config.type);
  if (model == nullptr) {
    throw Error(ErrorKind::kConfig,
                "/model/type: there is no model '" + config.type + "'; use one of " +
                    names_where([](const ModelEntry&, Task) { return true; }, task));
  }
  if (!model->allows(task)) {
    throw Error(ErrorKind::kConfig,
                "/model/type: " + config.type + " does not learn " + word_for(task) + "; use " +
                    names_where([](const ModelEntry& m, Task t) { return m.allows(t); }, task) +
                    " or another /train/loss");
  }
  const bool has_hidden = !config.hidden.empty() || config.dropout != 0.0 || config.layer_norm;
  if (has_hidden && !model->hidden_layers) {
    throw Error(ErrorKind::kConfig,
                "/model: " + config.type +
                    " has no hidden layers; remove hidden, dropout and layer_norm, or use mlp");
  }
}

}  // namespace

std::span<const ModelEntry> model_list() { return kModels; }

const ModelEntry* find_model(std::string_view name) {
  return kernels::find_by_name(model_list(), name);
}

Network build_network(const ModelConfig& config, Task task, int64_t n_features, int64_t n_outputs,
                      uint64_t seed, ComputeDevice& device) {
  check(config, task);
  assert(task == Task::kMulticlass || n_outputs == 1);
  return Network(config, n_features, n_outputs, seed, device);
}

Network restore_network(const ModelConfig& config, Task task, int64_t n_features, int64_t n_outputs,
                        const ParameterValues& values, ComputeDevice& device) {
  check(config, task);
  assert(task == Task::kMulticlass || n_outputs == 1);
  return Network(config, n_features, n_outputs, values, device);
}

}  // namespace reprotrain::engine
