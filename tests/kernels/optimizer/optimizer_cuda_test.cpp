// SPDX-License-Identifier: Apache-2.0
#include "kernels/optimizer/optimizer_cuda.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "kernels/conformance/device_array.h"
#include "kernels/conformance/test_values.h"
#include "kernels/optimizer/clipping.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

using testing::bit_patterns;
using testing::for_each_schedule;
using testing::from_decimal;

std::vector<float> unit_values(size_t n, uint64_t first) {
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i) values[i] = element("unit", first + i);
  return values;
}
std::vector<float> gradients_of(size_t n, uint64_t step) {
  return unit_values(n, (step + 1) << 20);
}

struct TrainingRun {
  OptimizerSettings settings;
  size_t n;
  uint64_t n_steps;
  bool decays;
};

/// Parameters after some steps, then all state.
std::vector<float> trained_on_cpu(std::string_view name, const TrainingRun& run) {
  std::vector<float> parameters = unit_values(run.n, 0), first(run.n), second(run.n);
  for (uint64_t step = 0; step < run.n_steps; ++step) {
    const std::vector<float> gradients = gradients_of(run.n, step);
    find_optimizer(name)->step(run.settings, {parameters, gradients, {first, second}, run.decays},
                               step, SerialParallel());
  }
  parameters.insert(parameters.end(), first.begin(), first.end());
  parameters.insert(parameters.end(), second.begin(), second.end());
  return parameters;
}

std::vector<float> trained_on_device(std::string_view name, const TrainingRun& run, size_t offset) {
  const std::vector<float> zeros(run.n);
  DeviceArray<float> parameters(unit_values(run.n, 0), offset);
  DeviceArray<float> first(zeros, offset), second(zeros, offset);
  for (uint64_t step = 0; step < run.n_steps; ++step) {
    const DeviceArray<float> gradients(gradients_of(run.n, step), offset);
    OptimizerTensorCuda tensor{parameters.data(),
                               gradients.data(),
                               {first.data(), second.data()},
                               parameters.size(),
                               run.decays};
    const StepConstants of_step = StepConstants::of(run.settings, step);
    const DeviceArray<StepConstants> constants(std::span<const StepConstants>(&of_step, 1));
    const bool is_recorded = offset != 0;  // then the step that is named here is an older one
    if (is_recorded) tensor.constants = constants.data();
    find_optimizer_cuda(name)->step(run.settings, tensor, is_recorded ? 0 : step, nullptr);
  }
  std::vector<float> all = parameters.values();
  for (const auto* state : {&first, &second}) {
    const std::vector<float> values = state->values();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

OptimizerSettings settings_of(double momentum, bool nesterov, double weight_decay) {
  OptimizerSettings settings;
  settings.learning_rate = 0.01;
  settings.momentum = momentum;
  settings.nesterov = nesterov;
  settings.weight_decay = weight_decay;
  return settings;
}

TEST(OptimizerCuda, TheListIsThatOfTheCpu) {
  ASSERT_EQ(optimizer_list_cuda().size(), optimizer_list().size());
  for (size_t i = 0; i < optimizer_list().size(); ++i) {
    EXPECT_EQ(optimizer_list_cuda()[i].name, optimizer_list()[i].name);
    EXPECT_EQ(find_optimizer_cuda(optimizer_list()[i].name), &optimizer_list_cuda()[i]);
  }
  EXPECT_EQ(find_optimizer_cuda("lion"), nullptr);
}

TEST(OptimizerCuda, GivesTheOraclesBits) {
  for (const auto& known : testing::known_answers("training.kat", "optimizer")) {
    SCOPED_TRACE(known.line.substr(0, 60));
    const auto& in = known.inputs;
    const TrainingRun run{
        settings_of(static_cast<double>(from_decimal(in[1])) / 1000.0, in[2] != "0",
                    static_cast<double>(from_decimal(in[3])) / 1000.0),
        from_decimal(in[4]), from_decimal(in[5]), true};
    for_each_schedule([&] {
      std::vector<float> results = trained_on_device(in[0], run, 0);
      results.resize(run.n);
      EXPECT_EQ(bit_patterns(results), bit_patterns(known.outputs));
    });
  }
}

TEST(OptimizerCuda, HasTheCpusBitsAtEverySizeAlignmentAndSetting) {
  const OptimizerSettings variants[] = {settings_of(0.0, false, 0.0), settings_of(0.9, false, 0.02),
                                        settings_of(0.9, true, 0.02)};
  for (const OptimizerKernel& optimizer : optimizer_list()) {
    for (const OptimizerSettings& settings : variants) {
      for (const bool decays : {false, true}) {
        for (const size_t n : {0, 1, 31, 33, 256, 257, 1025}) {
          const TrainingRun run{settings, n, 3, decays};
          const auto expected = bit_patterns(trained_on_cpu(optimizer.name, run));
          for_each_schedule([&] {
            for (const size_t offset : {0, 3}) {
              EXPECT_EQ(bit_patterns(trained_on_device(optimizer.name, run, offset)), expected)
                  << optimizer.name << ", n = " << n << ", offset " << offset;
            }
          });
        }
      }
    }
  }
}

TEST(OptimizerCuda, HasTheCpusBitsWhereThreadsDoSeveralQuads) {
  for (const OptimizerKernel& optimizer : optimizer_list()) {
    const TrainingRun run{settings_of(0.9, true, 0.02), 65537, 2, true};
    const auto expected = bit_patterns(trained_on_cpu(optimizer.name, run));
    for_each_schedule([&] {
      EXPECT_EQ(bit_patterns(trained_on_device(optimizer.name, run, 0)), expected)
          << optimizer.name;
    });
  }
}

TEST(ClipByNormCuda, ScalesGradientsThatAreTooLongAndNoOthers) {
  constexpr double kLargest = 0.75, kInfinity = std::numeric_limits<double>::infinity();
  for (const size_t n : {0, 1, 33, 1025, 65537}) {
    for (const double norm : {0.5, 0.75, 0.7500000000000001, 2.5, kInfinity, -kInfinity,
                              std::numeric_limits<double>::quiet_NaN()}) {
      std::vector<float> expected = unit_values(n, 5);
      if (is_clipped(norm, kLargest)) {
        for (float& value : expected) value = value * clipping_factor(norm, kLargest);
      }
      for_each_schedule([&] {
        DeviceArray<float> values(unit_values(n, 5), 1);
        const DeviceArray<double> found(std::span<const double>(&norm, 1));
        clip_by_norm_cuda(found.data(), kLargest, values.data(), values.size(), nullptr);
        EXPECT_EQ(bit_patterns(values.values()), bit_patterns(expected)) << n << " " << norm;
      });
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
