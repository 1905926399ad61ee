// SPDX-License-Identifier: Apache-2.0
#include "kernels/optimizer/optimizer_list.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <span>

#include "kernels/conformance/test_values.h"
#include "kernels/optimizer/schedule.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/bit_patterns.h"

namespace reprotrain::kernels {
namespace {

using testing::bit_patterns;
using testing::from_decimal;

/// Parameters after some steps, as the oracle computes them, then all state.
std::vector<float> trained(const OptimizerKernel& optimizer, const OptimizerSettings& settings,
                           size_t n, uint64_t n_steps, const Parallel& parallel,
                           std::string_view kind = "unit") {
  std::vector<float> parameters, gradients(n), first(n), second(n);
  for (size_t i = 0; i < n; ++i) parameters.push_back(element(kind, i));
  for (uint64_t step = 0; step < n_steps; ++step) {
    for (size_t i = 0; i < n; ++i) gradients[i] = element(kind, ((step + 1) << 20) + i);
    optimizer.step(settings, {parameters, gradients, {first, second}, true}, step, parallel);
  }
  parameters.insert(parameters.end(), first.begin(), first.end());
  parameters.insert(parameters.end(), second.begin(), second.end());
  return parameters;
}

OptimizerSettings settings_of(double momentum, bool nesterov, double weight_decay) {
  OptimizerSettings settings;
  settings.learning_rate = 0.01;
  settings.momentum = momentum;
  settings.nesterov = nesterov;
  settings.weight_decay = weight_decay;
  return settings;
}

TEST(Optimizer, TheListIsFoundByName) {
  ASSERT_EQ(optimizer_list().size(), 3u);
  for (const OptimizerKernel& optimizer : optimizer_list()) {
    EXPECT_EQ(find_optimizer(optimizer.name), &optimizer);
  }
  EXPECT_EQ(find_optimizer("lion"), nullptr);
}

/// in: name, momentum, nesterov, weight decay, n, steps; the answer may leave out the state.
void expect_known_training(const testing::KnownAnswer& known, std::string_view kind,
                           std::span<const std::string> in) {
  const OptimizerSettings settings =
      settings_of(static_cast<double>(from_decimal(in[1])) / 1000.0, in[2] != "0",
                  static_cast<double>(from_decimal(in[3])) / 1000.0);
  const size_t n = from_decimal(in[4]);
  std::vector<float> results =
      trained(*find_optimizer(in[0]), settings, n, from_decimal(in[5]), SerialParallel(), kind);
  ASSERT_TRUE(known.outputs.size() == n || known.outputs.size() == 3 * n);
  results.resize(known.outputs.size());
  EXPECT_EQ(bit_patterns(results), bit_patterns(known.outputs)) << known.line.substr(0, 60);
}

TEST(Optimizer, GivesTheOraclesBits) {
  for (const auto& known : testing::known_answers("training.kat", "optimizer")) {
    expect_known_training(known, "unit", known.inputs);
  }
}

TEST(Optimizer, GivesTheOraclesBitsAndStateOfEveryFamilyOfValues) {
  for (const auto& known : testing::known_answers("training.kat", "optimizer_of")) {
    expect_known_training(known, known.inputs[0], std::span(known.inputs).subspan(1));
  }
}

TEST(Optimizer, EverySizeAndCutGivesTheSameBits) {
  for (const OptimizerKernel& optimizer : optimizer_list()) {
    for (size_t n : {0, 1, 31, 32, 33, 255, 257, 1025, 65537}) {
      const OptimizerSettings settings = settings_of(0.9, true, 0.01);
      const auto expected = bit_patterns(trained(optimizer, settings, n, 2, SerialParallel()));
      for (uint64_t seed = 0; seed < 2; ++seed) {
        ASSERT_EQ(
            bit_patterns(trained(optimizer, settings, n, 2, testing::AdversarialParallel(seed))),
            expected)
            << optimizer.name << " " << n;
      }
    }
  }
}

TEST(Optimizer, OnlyMomentumAndAdamKeepState) {
  EXPECT_TRUE(find_optimizer("sgd")->state_names(settings_of(0.0, false, 0.0)).empty());
  EXPECT_EQ(find_optimizer("sgd")->state_names(settings_of(0.9, false, 0.0)).size(), 1u);
  EXPECT_EQ(find_optimizer("adam")->state_names({}).size(), 2u);
  EXPECT_EQ(find_optimizer("adamw")->state_names({})[1], "adam/v");
}

TEST(Clipping, ScalesToTheLargestNormByOneFactor) {
  std::vector<float> gradients = {3.0f, 4.0f, 0.0f};
  EXPECT_EQ(clip_by_global_norm(gradients, 10.0, SerialParallel()), 5.0);
  EXPECT_EQ(gradients[1], 4.0f);
  EXPECT_EQ(clip_by_global_norm(gradients, 1.0, SerialParallel()), 5.0);
  const float scale = static_cast<float>(1.0 / 5.0);
  EXPECT_EQ(gradients, (std::vector<float>{3.0f * scale, 4.0f * scale, 0.0f}));
}

TEST(Clipping, GivesTheOraclesNormAndBits) {
  for (const auto& known : testing::known_answers("training.kat", "clipping")) {
    SCOPED_TRACE(known.line.substr(0, 60));
    std::vector<float> gradients(from_decimal(known.inputs[1]));
    for (size_t i = 0; i < gradients.size(); ++i) {
      gradients[i] = element(known.inputs[0], i);
    }
    const double norm = clip_by_global_norm(
        gradients, double_from_bits(testing::from_hex(known.inputs[2])), SerialParallel());
    EXPECT_EQ(bits_of(canonical(norm)), testing::from_hex(known.outputs[0]));
    EXPECT_EQ(bit_patterns(gradients),
              bit_patterns({known.outputs.begin() + 1, known.outputs.end()}));
  }
}

TEST(Clipping, LeavesGradientsWithoutAFiniteNormAlone) {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> gradients = {1.0f, infinity, 2.0f};
  clip_by_global_norm(gradients, 1.0, SerialParallel());
  EXPECT_EQ(gradients[0], 1.0f);
  gradients[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(is_nan(clip_by_global_norm(gradients, 1.0, SerialParallel())));
  EXPECT_EQ(gradients[2], 2.0f);
  std::vector<float> none;
  EXPECT_EQ(clip_by_global_norm(none, 1.0, SerialParallel()), 0.0);
}

TEST(Schedule, WarmUpRisesLinearlyAndStepsMultiply) {
  EXPECT_EQ(warmup_factor(0, 4), 1.0 / 5.0);
  EXPECT_EQ(warmup_factor(3, 4), 4.0 / 5.0);
  EXPECT_EQ(step_factor(9, 10, 0.1), 1.0);
  EXPECT_EQ(step_factor(10, 10, 0.1), 0.1);
  EXPECT_EQ(step_factor(25, 10, 0.1), 0.1 * 0.1);
}

TEST(Schedule, CosineFallsFromOneToTheFinalFactor) {
  EXPECT_EQ(cosine_factor(0, 0, 101, 0.1), 1.0);
  EXPECT_EQ(cosine_factor(5, 5, 106, 0.1), 1.0);
  EXPECT_EQ(cosine_factor(50, 0, 101, 0.0), 0.5);
  EXPECT_EQ(cosine_factor(100, 0, 101, 0.1), 0.1);
  EXPECT_EQ(cosine_factor(0, 0, 1, 0.25), 0.25);
  for (int64_t step = 0; step < 101; ++step) {
    const double expected =
        0.1 + 0.9 * (0.5 * (1.0 + std::cos(M_PI * static_cast<double>(step) / 100)));
    EXPECT_NEAR(cosine_factor(step, 0, 101, 0.1), expected, 1e-15);
  }
}

}  // namespace
}  // namespace reprotrain::kernels
