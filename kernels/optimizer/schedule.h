// SPDX-License-Identifier: Apache-2.0
// Learning-rate factors as functions of the step, binary64, each operation rounded in the order
// written.
//
//   warm-up, step < w:  (step + 1) / (w + 1)                  and nothing else
//   constant            1
//   step                power_of(gamma, epoch / step_epochs)  integer division
//   cosine              final + (1 - final) * (0.5 * (1 + cospi_unit(t)))
//                       t = (step - w) / (total - 1 - w), 1 where that has no steps; at most 1
// See also: schedule_functions.h, docs/arithmetic.md "Learning-rate schedules".
#pragma once

#include <cstdint>

#include "kernels/elementwise/schedule_functions.h"

namespace reprotrain::kernels {

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

}  // namespace reprotrain::kernels
