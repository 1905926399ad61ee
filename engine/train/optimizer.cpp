// SPDX-License-Identifier: Apache-2.0
#include "engine/train/optimizer.h"

#include <algorithm>
#include <cassert>

#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

kernels::OptimizerSettings settings_of(const OptimizerConfig& config) {
  kernels::OptimizerSettings settings;
  settings.learning_rate = config.learning_rate;
  settings.momentum = config.momentum;
  settings.nesterov = config.nesterov;
  settings.beta1 = config.beta1;
  settings.beta2 = config.beta2;
  settings.epsilon = config.epsilon;
  settings.weight_decay = config.weight_decay;
  return settings;
}

}  // namespace

const char* name_of(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::kSgd:
      return "sgd";
    case OptimizerKind::kAdam:
      return "adam";
    case OptimizerKind::kAdamw:
      return "adamw";
  }
  return "";
}

Optimizer::Optimizer(const OptimizerConfig& config, const std::vector<Parameter>& parameter_list,
                     ComputeDevice& device)
    : device_(device),
      settings_(settings_of(config)),
      kernel_(kernels::find_optimizer(name_of(config.kind))) {
  assert(kernel_ != nullptr);
  int64_t n_parameters = 0;
  for (const Parameter& parameter : parameter_list) {
    const bool decays = parameter.decays && settings_.weight_decay != 0.0;
    const auto size = static_cast<size_t>(parameter.size);
    const auto offset = static_cast<size_t>(parameter.offset);
    n_parameters += parameter.size;
    if (!parameter.trained) continue;
    const bool continues = !stretches_.empty() && stretches_.back().decays == decays &&
                           stretches_.back().offset + stretches_.back().size == offset;
    if (continues) {
      stretches_.back().size += size;
    } else {
      stretches_.push_back({offset, size, decays});
    }
  }
  for (std::string_view name : kernel_->state_names(settings_)) {
    state_names_.emplace_back(name);
    state_.emplace_back(device, n_parameters);
  }
}

void Optimizer::step(std::span<float> parameters, std::span<const float> gradients,
                     const StepValues& values) {
  for (const Stretch& stretch : stretches_) {
    kernels::OptimizerTensor tensor;
    tensor.parameters = parameters.subspan(stretch.offset, stretch.size);
    tensor.gradients = gradients.subspan(stretch.offset, stretch.size);
    tensor.decays = stretch.decays;
    for (size_t i = 0; i < state_.size(); ++i) {
      tensor.state[i] = state_[i].span().subspan(stretch.offset, stretch.size);
    }
    device_.optimizer_step(kernel_->name, settings_, tensor, values);
  }
}

std::vector<std::pair<std::string, std::span<const float>>> Optimizer::state() const {
  std::vector<std::pair<std::string, std::span<const float>>> tensors;
  for (size_t i = 0; i < state_.size(); ++i)
    tensors.emplace_back(state_names_[i], state_[i].span());
  return tensors;
}

bool Optimizer::restore(std::string_view name, std::span<const float> values) {
  const auto found = std::find(state_names_.begin(), state_names_.end(), name);
  if (found == state_names_.end()) return false;
  FloatArena& state = state_[static_cast<size_t>(found - state_names_.begin())];
  if (values.size() != state.span().size()) return false;
  device_.upload(values.data(), state.data(), static_cast<int64_t>(values.size_bytes()));
  return true;
}

}  // namespace reprotrain::engine
