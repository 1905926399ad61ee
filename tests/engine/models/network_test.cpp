// SPDX-License-Identifier: Apache-2.0
#include "engine/models/network.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/device/cpu_threads.h"
#include "engine/train/loss.h"
#include "engine/train/optimizer.h"
#include "include/reprotrain/error.h"
#include "kernels/conformance/test_values.h"
#include "kernels/digest/sha256.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/known_answers.h"
#include "tests/support/serial_device.h"

namespace reprotrain::engine {
namespace {

using testing::bit_patterns;
using testing::serial_device;

std::vector<float> some_inputs(int64_t n_rows, int64_t n_features, uint64_t first = 0) {
  std::vector<float> inputs;
  for (uint64_t i = 0; i < static_cast<uint64_t>(n_rows * n_features); ++i) {
    inputs.push_back(kernels::element("unit", first + i));
  }
  return inputs;
}

ModelConfig deep_model(Activation activation = Activation::kGelu) {
  ModelConfig config;
  config.hidden = {33, 20};
  config.activation = activation;
  config.dropout = 0.25;
  config.layer_norm = true;
  return config;
}

/// Parameters after `n_steps` steps of cross-entropy on changing batches of `n_rows` rows.
std::vector<float> trained(const ModelConfig& model, const OptimizerConfig& config, int64_t n_rows,
                           int64_t n_steps, const kernels::Parallel& parallel) {
  constexpr int64_t kFeatures = 19, kClasses = 7;
  CpuDevice device(parallel);
  Network network(model, kFeatures, kClasses, 3, device);
  Optimizer optimizer(config, network.parameter_list(), device);
  LossConfig loss_config;
  loss_config.kind = LossKind::kCrossEntropy;
  BatchLoss loss(loss_config, kClasses, {}, device);
  float mean = 0.0f;
  for (int64_t step = 0; step < n_steps; ++step) {
    const auto index = static_cast<uint64_t>(step);
    const std::vector<float> inputs = some_inputs(n_rows, kFeatures, index << 20);
    std::vector<int32_t> classes;
    for (uint64_t row = 0; row < static_cast<uint64_t>(n_rows); ++row) {
      classes.push_back(static_cast<int32_t>(kernels::mixed_word(row + index) % kClasses));
    }
    std::vector<float> gradient(static_cast<size_t>(n_rows * kClasses));
    const auto view = kernels::dense_view(gradient.data(), n_rows, kClasses);
    const auto outputs = network.forward_training(
        kernels::dense_view<const float>(inputs.data(), n_rows, kFeatures), {3, index});
    loss.evaluate(outputs, {classes, {}}, view, &mean);
    network.backward(view);
    device.clip_by_global_norm(network.gradients(), 0.5);
    optimizer.step(network.parameters(), network.gradients(), {index, 1.0});
  }
  return {network.parameters().begin(), network.parameters().end()};
}

// The parameters alone would take 1 TiB.
TEST(Network, AsksForValuesBeforeItTakesMemory) {
  ModelConfig config;
  config.hidden = {int64_t{1} << 20, int64_t{1} << 18};
  config.layer_norm = true;
  std::vector<std::vector<int64_t>> shapes;
  const auto refuse = [&](const std::vector<Parameter>& list) -> std::vector<float> {
    for (const Parameter& parameter : list) shapes.push_back(parameter.shape);
    throw Error(ErrorKind::kEvidence, "these are not the tensors that I have");
  };
  EXPECT_THROW(Network(config, 5, 2, refuse, serial_device()), Error);
  ASSERT_EQ(shapes.size(), 10u);
  EXPECT_EQ(shapes[4], (std::vector<int64_t>{int64_t{1} << 20, int64_t{1} << 18}));
}

TEST(Network, TakesTheValuesItIsGiven) {
  const Network seeded(deep_model(), 5, 2, 1, serial_device());
  const auto values = [&](const std::vector<Parameter>& list) {
    EXPECT_EQ(list.size(), seeded.parameter_list().size());
    return seeded.host_parameters();
  };
  const Network given(deep_model(), 5, 2, values, serial_device());
  EXPECT_EQ(bit_patterns(given.host_parameters()), bit_patterns(seeded.host_parameters()));
}

TEST(Network, NamesItsTensorsInOrder) {
  ModelConfig config;
  config.hidden = {4, 3};
  config.layer_norm = true;
  const Network network(config, 5, 2, 0, serial_device());
  std::vector<std::string> names;
  int64_t offset = 0;
  for (const Parameter& parameter : network.parameter_list()) {
    names.push_back(parameter.name);
    EXPECT_EQ(parameter.offset, offset);
    EXPECT_EQ(parameter.decays, parameter.name.ends_with("/weight"));
    offset += parameter.size;
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"layer0/weight", "layer0/bias", "norm0/scale", "norm0/shift",
                                      "layer1/weight", "layer1/bias", "norm1/scale", "norm1/shift",
                                      "layer2/weight", "layer2/bias"}));
  EXPECT_EQ(network.parameter_list()[4].shape, (std::vector<int64_t>{4, 3}));
  EXPECT_EQ(static_cast<int64_t>(network.parameters().size()), offset);
}

TEST(Network, StartsFromTheSeedAndTheParameterListAlone) {
  const Network first(deep_model(), 6, 3, 42, serial_device()),
      again(deep_model(), 6, 3, 42, serial_device()),
      other(deep_model(), 6, 3, 43, serial_device());
  EXPECT_EQ(bit_patterns(first.parameters()), bit_patterns(again.parameters()));
  EXPECT_NE(bit_patterns(first.parameters()), bit_patterns(other.parameters()));
  const Parameter& scale = first.parameter_list()[2];
  EXPECT_EQ(first.parameters()[static_cast<size_t>(scale.offset)], 1.0f);
}

TEST(Network, TrainingDoesNotNoticeThreadsOrCuts) {
  for (Activation activation : {Activation::kRelu, Activation::kGelu}) {
    for (int64_t n_rows : {1, 33, 257}) {
      const auto model = deep_model(activation);
      const auto expected = bit_patterns(trained(model, {}, n_rows, 3, kernels::SerialParallel()));
      for (int n_threads : {1, 2, 7}) {
        EXPECT_EQ(bit_patterns(trained(model, {}, n_rows, 3, CpuThreads(n_threads))), expected);
      }
      for (uint64_t seed = 0; seed < 3; ++seed) {
        const testing::AdversarialParallel parallel(seed);
        EXPECT_EQ(bit_patterns(trained(model, {}, n_rows, 3, parallel)), expected);
      }
    }
  }
}

TEST(Network, InferenceGivesARowTheSameBitsInAnyBatch) {
  const Network network(deep_model(), 19, 7, 5, serial_device());
  const std::vector<float> inputs = some_inputs(1030, 19);
  std::vector<float> together(1030 * 7);
  network.forward(kernels::dense_view<const float>(inputs.data(), 1030, 19),
                  kernels::dense_view(together.data(), 1030, 7));
  for (int64_t row : {0, 1, 511, 512, 1029}) {
    std::vector<float> alone(7);
    network.forward(kernels::dense_view<const float>(inputs.data() + row * 19, 1, 19),
                    kernels::dense_view(alone.data(), 1, 7));
    EXPECT_EQ(bit_patterns(alone), bit_patterns({together.data() + row * 7, 7}));
  }
}

TEST(Network, InferenceIsTrainingWithoutDropout) {
  ModelConfig model = deep_model();
  model.dropout = 0.0;
  Network network(model, 19, 7, 5, serial_device());
  const std::vector<float> inputs = some_inputs(40, 19);
  const auto view = kernels::dense_view<const float>(inputs.data(), 40, 19);
  std::vector<float> outputs(40 * 7);
  network.forward(view, kernels::dense_view(outputs.data(), 40, 7));
  const auto training = network.forward_training(view, {5, 0});
  EXPECT_EQ(bit_patterns(outputs), bit_patterns({training.data, 40 * 7}));
}

TEST(Network, DropoutIsAFunctionOfSeedAndStep) {
  Network network(deep_model(), 19, 7, 5, serial_device());
  const std::vector<float> inputs = some_inputs(40, 19);
  const auto view = kernels::dense_view<const float>(inputs.data(), 40, 19);
  const auto outputs_at = [&](StepPosition position) {
    const auto outputs = network.forward_training(view, position);
    return bit_patterns({outputs.data, 40 * 7});
  };
  const auto first = outputs_at({5, 0});
  EXPECT_NE(outputs_at({5, 1}), first);
  EXPECT_NE(outputs_at({6, 0}), first);
  EXPECT_EQ(outputs_at({5, 0}), first);
}

TEST(Network, BatchesMayGrowAndShrink) {
  Network network(deep_model(), 19, 7, 5, serial_device());
  const std::vector<float> inputs = some_inputs(300, 19);
  std::vector<testing::Bits> seen;
  for (int64_t n_rows : {300, 3, 300}) {
    const auto outputs = network.forward_training(
        kernels::dense_view<const float>(inputs.data(), n_rows, 19), {5, 0});
    std::vector<float> gradient(static_cast<size_t>(n_rows * 7), 0.5f);
    network.backward(kernels::dense_view<const float>(gradient.data(), n_rows, 7));
    seen.push_back(bit_patterns({outputs.data, static_cast<size_t>(n_rows) * 7}));
    for (uint32_t bits : bit_patterns(network.gradients())) seen.back().push_back(bits);
  }
  EXPECT_EQ(seen[0], seen[2]);
}

TEST(Network, TrainingStepsHaveTheirGoldenDigests) {
  struct Named {
    std::string name;
    ModelConfig model;
    OptimizerConfig optimizer;
  };
  OptimizerConfig momentum;
  momentum.kind = OptimizerKind::kSgd;
  momentum.learning_rate = 0.05;
  momentum.momentum = 0.9;
  momentum.nesterov = true;
  momentum.weight_decay = 0.01;
  OptimizerConfig adamw;
  adamw.kind = OptimizerKind::kAdamw;
  adamw.weight_decay = 0.01;
  ModelConfig plain;
  plain.hidden = {40};
  const Named cases[] = {{"relu_adam", plain, {}},
                         {"gelu_norm_dropout_adamw", deep_model(), adamw},
                         {"tanh_norm_dropout_sgd", deep_model(Activation::kTanh), momentum},
                         {"sigmoid_norm_dropout_adam", deep_model(Activation::kSigmoid), {}}};
  std::map<std::string, std::string> golden;
  for (const auto& known : testing::known_answers("training_steps.kat", "parameters")) {
    golden[known.inputs.at(0)] = known.outputs.at(0);
  }
  for (const Named& c : cases) {
    const std::vector<float> parameters =
        trained(c.model, c.optimizer, 64, 20, kernels::SerialParallel());
    EXPECT_EQ(kernels::sha256_hex(std::as_bytes(std::span(parameters))), golden[c.name]) << c.name;
  }
}

}  // namespace
}  // namespace reprotrain::engine
