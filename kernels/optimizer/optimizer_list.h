// SPDX-License-Identifier: Apache-2.0
// Optimizers over arrays of parameters, one visible list: sgd, adam, adamw.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/base/parallel.h"

namespace reprotrain::kernels {

/// Hyper-parameters as configured, binary64. The headers of the optimizers say how each is rounded.
struct OptimizerSettings {
  double learning_rate = 0.0;  ///< already times the schedule's factor
  double momentum = 0.0;
  bool nesterov = false;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;
};

/// One tensor and its state. Arrays have equal length; `state` has as many as the optimizer names.
struct OptimizerTensor {
  std::span<float> parameters;
  std::span<const float> gradients;
  std::array<std::span<float>, 2> state;
  bool decays = false;  ///< weight decay applies
};

struct OptimizerKernel {
  std::string_view name;
  /// Names of the state tensors that these settings need, zero at the start.
  std::span<const std::string_view> (*state_names)(const OptimizerSettings& settings);
  /// One update; `step_index` counts from 0.
  void (*step)(const OptimizerSettings& settings, const OptimizerTensor& tensor,
               uint64_t step_index, const Parallel& parallel);
};

std::span<const OptimizerKernel> optimizer_list();

/// The entry of that name, or nullptr.
const OptimizerKernel* find_optimizer(std::string_view name);

/// Scales `gradients` to a global norm of `largest_norm` if theirs is larger:
///   norm = sqrt(exact_sum_of_squares), binary64; if norm > largest_norm and finite:
///   g = g * f32(largest_norm / norm). Returns the norm before.
double clip_by_global_norm(std::span<float> gradients, double largest_norm,
                           const Parallel& parallel);

}  // namespace reprotrain::kernels
