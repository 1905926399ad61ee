// SPDX-License-Identifier: Apache-2.0
#include "engine/train/schedule.h"

#include <gtest/gtest.h>

#include "kernels/base/float_bits.h"
#include "tests/support/known_answers.h"

namespace reprotrain::engine {
namespace {

TEST(LearningRateSchedule, ConstantIsOneAfterItsWarmUp) {
  ScheduleConfig config;
  config.warmup_steps = 3;
  const LearningRateSchedule schedule(config, 10, 100);
  EXPECT_EQ(schedule.factor(0), 0.25);
  EXPECT_EQ(schedule.factor(2), 0.75);
  EXPECT_EQ(schedule.factor(3), 1.0);
  EXPECT_EQ(schedule.factor(99), 1.0);
}

TEST(LearningRateSchedule, StepChangesWithTheEpoch) {
  ScheduleConfig config;
  config.kind = ScheduleKind::kStep;
  config.step_epochs = 2;
  config.gamma = 0.5;
  const LearningRateSchedule schedule(config, 10, 100);
  EXPECT_EQ(schedule.factor(19), 1.0);
  EXPECT_EQ(schedule.factor(20), 0.5);
  EXPECT_EQ(schedule.factor(99), 0.0625);
}

TEST(LearningRateSchedule, CosineEndsAtTheFinalFactorAlsoAfterAWarmUp) {
  ScheduleConfig config;
  config.kind = ScheduleKind::kCosine;
  config.warmup_steps = 20;
  config.final_factor = 0.125;
  const LearningRateSchedule schedule(config, 10, 121);
  EXPECT_EQ(schedule.factor(19), 20.0 / 21.0);
  EXPECT_EQ(schedule.factor(20), 1.0);
  EXPECT_EQ(schedule.factor(70), 0.125 + 0.875 * 0.5);
  EXPECT_EQ(schedule.factor(120), 0.125);
}

TEST(LearningRateSchedule, AWarmUpLongerThanTrainingStaysAWarmUp) {
  ScheduleConfig config;
  config.kind = ScheduleKind::kCosine;
  config.warmup_steps = 50;
  const LearningRateSchedule schedule(config, 10, 20);
  EXPECT_EQ(schedule.factor(19), 20.0 / 51.0);
}

TEST(LearningRateSchedule, GivesTheOraclesBits) {
  const auto number = [](const std::string& word) {
    return kernels::double_from_bits(testing::from_hex(word));
  };
  for (const auto& known : testing::known_answers("training.kat", "schedule")) {
    const auto& in = known.inputs;
    ScheduleConfig config;
    config.warmup_steps = std::stoll(in[4]);
    if (in[0] == "step") {
      config.kind = ScheduleKind::kStep;
      config.gamma = number(in[5]);
      config.step_epochs = std::stoll(in[6]);
    } else if (in[0] == "cosine") {
      config.kind = ScheduleKind::kCosine;
      config.final_factor = number(in[5]);
    } else {
      ASSERT_EQ(in[0], "constant");
    }
    const LearningRateSchedule schedule(config, std::stoll(in[2]), std::stoll(in[3]));
    EXPECT_EQ(kernels::bits_of(schedule.factor(std::stoll(in[1]))),
              testing::from_hex(known.outputs[0]))
        << known.line;
  }
}

}  // namespace
}  // namespace reprotrain::engine
