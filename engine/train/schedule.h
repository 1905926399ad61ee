// SPDX-License-Identifier: Apache-2.0
// The configured learning-rate schedule.
#pragma once

#include <cstdint>

#include "engine/train/train_config.h"
#include "kernels/optimizer/schedule.h"

namespace reprotrain::engine {

/// A pure function of the step; formulas in docs/arithmetic.md, "Learning-rate schedules".
class LearningRateSchedule {
 public:
  LearningRateSchedule(const ScheduleConfig& config, int64_t steps_per_epoch, int64_t total_steps);

  /// What to multiply the learning rate by in step `step`, counted from 0.
  double factor(int64_t step) const { return kernels::schedule_factor(settings_, step); }

 private:
  kernels::ScheduleSettings settings_;
};

}  // namespace reprotrain::engine
