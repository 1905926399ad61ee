// SPDX-License-Identifier: Apache-2.0
// The binary32 constants of an optimizer's step from the binary64 settings: computed on the host,
// whatever device the step runs on. sgd.h and adam.h say how each is rounded.
#pragma once

#include <cstdint>

#include "kernels/elementwise/schedule_functions.h"
#include "kernels/optimizer/adam.h"
#include "kernels/optimizer/optimizer_list.h"
#include "kernels/optimizer/sgd.h"

namespace reprotrain::kernels {

inline Sgd sgd_constants(const OptimizerSettings& settings) {
  return {static_cast<float>(settings.learning_rate), static_cast<float>(settings.momentum),
          static_cast<float>(settings.weight_decay)};
}

/// `step_index` counts from 0.
inline Adam adam_constants(const OptimizerSettings& settings, uint64_t step_index) {
  const double correction1 = 1.0 - rounded::power_of(settings.beta1, step_index + 1);
  const double correction2 = 1.0 - rounded::power_of(settings.beta2, step_index + 1);
  Adam adam;
  adam.beta1 = static_cast<float>(settings.beta1);
  adam.rest1 = static_cast<float>(1.0 - settings.beta1);
  adam.beta2 = static_cast<float>(settings.beta2);
  adam.rest2 = static_cast<float>(1.0 - settings.beta2);
  adam.epsilon = static_cast<float>(settings.epsilon);
  adam.rate = static_cast<float>(settings.learning_rate / correction1);
  adam.widening = static_cast<float>(1.0 / __builtin_sqrt(correction2));
  adam.weight_decay = static_cast<float>(settings.weight_decay);
  adam.shrink = static_cast<float>(settings.learning_rate * settings.weight_decay);
  return adam;
}

/// The constants of a step of any optimizer.
struct StepConstants {
  Sgd sgd;
  Adam adam;

  static StepConstants of(const OptimizerSettings& settings, uint64_t step_index) {
    return {sgd_constants(settings), adam_constants(settings, step_index)};
  }
};

}  // namespace reprotrain::kernels
