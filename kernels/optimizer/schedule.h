// SPDX-License-Identifier: Apache-2.0
// Learning-rate factors as functions of the step, binary64, each operation rounded in the order
// written.
//
//   warm-up, step < w:  (step + 1) / (w + 1)                  and nothing else
//   constant            1
//   step                power_of(gamma, epoch / step_epochs)  integer division
//                       epoch = step / steps_per_epoch        integer division
//   cosine              final + (1 - final) * (0.5 * (1 + cospi_unit(t)))
//                       t = (step - w) / (total - 1 - w), 1 where that has no steps; at most 1
// See also: schedule_functions.h, docs/arithmetic.md "Learning-rate schedules".
#pragma once

#include <cstdint>

#include "kernels/elementwise/schedule_functions.h"

namespace reprotrain::kernels {

enum class ScheduleKind { kConstant, kStep, kCosine };

/// Requires steps_per_epoch >= 1, step_epochs >= 1, warmup_steps >= 0.
struct ScheduleSettings {
  ScheduleKind kind = ScheduleKind::kConstant;
  int64_t steps_per_epoch = 1;
  int64_t total_steps = 1;
  int64_t warmup_steps = 0;
  int64_t step_epochs = 1;    ///< kStep
  double gamma = 1.0;         ///< kStep
  double final_factor = 0.0;  ///< kCosine
};

/// Requires 0 <= step < warmup_steps.
inline double warmup_factor(int64_t step, int64_t warmup_steps) {
  return static_cast<double>(step + 1) / static_cast<double>(warmup_steps + 1);
}

/// Requires step_epochs >= 1.
inline double step_factor(int64_t epoch, int64_t step_epochs, double gamma) {
  return rounded::power_of(gamma, static_cast<uint64_t>(epoch / step_epochs));
}

/// Factor 1 at step `warmup_steps`, `final_factor` at step `total_steps` - 1.
inline double cosine_factor(int64_t step, int64_t warmup_steps, int64_t total_steps,
                            double final_factor) {
  const int64_t done = step - warmup_steps;
  const int64_t all = total_steps - 1 - warmup_steps;
  const double t = done >= all ? 1.0 : static_cast<double>(done) / static_cast<double>(all);
  const double wave = 0.5 * (1.0 + rounded::cospi_unit(t));
  return final_factor + (1.0 - final_factor) * wave;
}

/// What to multiply the learning rate by in step `step`, counted from 0.
inline double schedule_factor(const ScheduleSettings& settings, int64_t step) {
  if (step < settings.warmup_steps) return warmup_factor(step, settings.warmup_steps);
  switch (settings.kind) {
    case ScheduleKind::kConstant:
      return 1.0;
    case ScheduleKind::kStep:
      return step_factor(step / settings.steps_per_epoch, settings.step_epochs, settings.gamma);
    case ScheduleKind::kCosine:
      return cosine_factor(step, settings.warmup_steps, settings.total_steps,
                           settings.final_factor);
  }
  return 1.0;
}

}  // namespace reprotrain::kernels
