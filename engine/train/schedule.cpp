// SPDX-License-Identifier: Apache-2.0
#include "engine/train/schedule.h"

#include <cassert>

#include "kernels/optimizer/schedule.h"

namespace reprotrain::engine {

LearningRateSchedule::LearningRateSchedule(const ScheduleConfig& config, int64_t steps_per_epoch,
                                           int64_t total_steps)
    : config_(config), steps_per_epoch_(steps_per_epoch), total_steps_(total_steps) {
  assert(steps_per_epoch >= 1 && config.step_epochs >= 1 && config.warmup_steps >= 0);
}

double LearningRateSchedule::factor(int64_t step) const {
  if (step < config_.warmup_steps) return kernels::warmup_factor(step, config_.warmup_steps);
  switch (config_.kind) {
    case ScheduleKind::kConstant:
      return 1.0;
    case ScheduleKind::kStep:
      return kernels::step_factor(step / steps_per_epoch_, config_.step_epochs, config_.gamma);
    case ScheduleKind::kCosine:
      return kernels::cosine_factor(step, config_.warmup_steps, total_steps_, config_.final_factor);
  }
  return 1.0;
}

}  // namespace reprotrain::engine
