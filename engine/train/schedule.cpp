// SPDX-License-Identifier: Apache-2.0
#include "engine/train/schedule.h"

#include <cassert>

namespace reprotrain::engine {

LearningRateSchedule::LearningRateSchedule(const ScheduleConfig& config, int64_t steps_per_epoch,
                                           int64_t total_steps)
    : settings_{config.kind,        steps_per_epoch, total_steps,        config.warmup_steps,
                config.step_epochs, config.gamma,    config.final_factor} {
  assert(steps_per_epoch >= 1 && config.step_epochs >= 1 && config.warmup_steps >= 0);
}

}  // namespace reprotrain::engine
