// SPDX-License-Identifier: Apache-2.0
#include "engine/train/optimizer.h"

#include <gtest/gtest.h>

#include <vector>

#include "include/reprotrain/error.h"
#include "kernels/conformance/test_values.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/serial_device.h"

namespace reprotrain::engine {
namespace {

using testing::serial_device;

const std::vector<Parameter> kParameters = {{"layer0/weight", {2, 3}, 0, 6, true},
                                            {"layer0/bias", {3}, 6, 3, false},
                                            {"layer1/weight", {3, 1}, 9, 3, true},
                                            {"layer1/bias", {1}, 12, 1, false}};

std::vector<float> gradients_of(uint64_t step) {
  std::vector<float> gradients;
  for (uint64_t i = 0; i < 13; ++i) gradients.push_back(kernels::element("unit", 100 * step + i));
  return gradients;
}

void run_steps(Optimizer& optimizer, std::vector<float>& parameters, uint64_t begin, uint64_t end) {
  for (uint64_t step = begin; step < end; ++step) {
    optimizer.step(parameters, gradients_of(step), {step, 0.5});
  }
}

OptimizerConfig config_of(OptimizerKind kind) {
  OptimizerConfig config;
  config.kind = kind;
  config.momentum = 0.9;
  config.weight_decay = 0.1;
  return config;
}

TEST(Optimizer, ContinuesFromRestoredStateAsIfNeverStopped) {
  for (OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kAdam, OptimizerKind::kAdamw}) {
    std::vector<float> straight(13, 1.0f);
    Optimizer whole(config_of(kind), kParameters, serial_device());
    run_steps(whole, straight, 0, 6);

    std::vector<float> resumed(13, 1.0f);
    Optimizer first(config_of(kind), kParameters, serial_device());
    run_steps(first, resumed, 0, 3);
    Optimizer second(config_of(kind), kParameters, serial_device());
    for (const auto& [name, values] : first.state()) EXPECT_TRUE(second.restore(name, values));
    run_steps(second, resumed, 3, 6);
    EXPECT_EQ(testing::bit_patterns(resumed), testing::bit_patterns(straight)) << name_of(kind);
  }
}

TEST(Optimizer, DecaysWeightsOnly) {
  for (OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kAdam, OptimizerKind::kAdamw}) {
    OptimizerConfig with = config_of(kind), without = config_of(kind);
    without.weight_decay = 0.0;
    std::vector<float> decayed(13, 1.0f), plain(13, 1.0f);
    Optimizer decaying(with, kParameters, serial_device());
    Optimizer not_decaying(without, kParameters, serial_device());
    run_steps(decaying, decayed, 0, 3);
    run_steps(not_decaying, plain, 0, 3);
    for (size_t i = 0; i < 13; ++i) {
      const bool is_bias = (i >= 6 && i < 9) || i == 12;
      EXPECT_EQ(decayed[i] == plain[i], is_bias) << name_of(kind) << " " << i;
    }
  }
}

TEST(Optimizer, StateHasTheNamesOfItsKind) {
  const auto names = [](const OptimizerConfig& config) {
    const Optimizer optimizer(config, kParameters, serial_device());
    std::vector<std::string> result;
    for (const auto& [name, values] : optimizer.state()) {
      EXPECT_EQ(values.size(), 13u);
      result.push_back(name);
    }
    return result;
  };
  EXPECT_EQ(names(config_of(OptimizerKind::kSgd)), (std::vector<std::string>{"momentum"}));
  EXPECT_EQ(names(config_of(OptimizerKind::kAdam)), (std::vector<std::string>{"adam/m", "adam/v"}));
  OptimizerConfig plain;
  plain.kind = OptimizerKind::kSgd;
  EXPECT_TRUE(names(plain).empty());
}

TEST(Optimizer, RefusesForeignState) {
  Optimizer optimizer(config_of(OptimizerKind::kAdam), kParameters, serial_device());
  const std::vector<float> right(13), wrong(12);
  EXPECT_FALSE(optimizer.restore("momentum", right));
  EXPECT_FALSE(optimizer.restore("adam/m", wrong));
  EXPECT_TRUE(optimizer.restore("adam/m", right));
}

}  // namespace
}  // namespace reprotrain::engine
