// SPDX-License-Identifier: Apache-2.0
// The configured optimizer, with its state.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/device/device_arena.h"
#include "engine/models/network.h"
#include "engine/train/train_config.h"
#include "kernels/optimizer/optimizer_list.h"

namespace reprotrain::engine {

class Optimizer {
 public:
  /// State starts at zero, one tensor for all parameters of the network, in memory of `device`.
  Optimizer(const OptimizerConfig& config, const std::vector<Parameter>& parameter_list,
            ComputeDevice& device);

  /// One update of all parameters that are trained. The factor of `values` comes from the schedule.
  void step(std::span<float> parameters, std::span<const float> gradients,
            const StepValues& values);

  /// State tensors by name ("momentum", "adam/m", "adam/v"), each as long as the parameter arena, in
  /// memory of the device; for checkpoints and the trace.
  std::vector<std::pair<std::string, std::span<const float>>> state() const;

  /// Puts back a tensor of state() from memory of the host. False: it has none of that name and length.
  bool restore(std::string_view name, std::span<const float> values);

 private:
  /// Neighbouring trained parameters that are treated alike, updated in one go.
  struct Stretch {
    size_t offset;
    size_t size;
    bool decays;
  };

  ComputeDevice& device_;
  kernels::OptimizerSettings settings_;
  const kernels::OptimizerKernel* kernel_;
  std::vector<Stretch> stretches_;
  std::vector<std::string> state_names_;
  std::vector<FloatArena> state_;
};

/// Name of an optimizer in configurations and in the list of kernels.
const char* name_of(OptimizerKind kind);

}  // namespace reprotrain::engine
