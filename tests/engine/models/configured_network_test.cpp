// SPDX-License-Identifier: Apache-2.0
// Networks configured layer by layer: gradients, invariance, running statistics, refusals.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "engine/device/cpu_threads.h"
#include "engine/models/layer.h"
#include "engine/models/network.h"
#include "engine/models/stored_layers.h"
#include "engine/train/optimizer.h"
#include "include/reprotrain/error.h"
#include "kernels/conformance/test_values.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/serial_device.h"

namespace reprotrain::engine {
namespace {

using testing::bit_patterns;
using testing::serial_device;

constexpr int64_t kSide = 6;
constexpr int64_t kFeatures = kSide * kSide * 2;
constexpr int64_t kOutputs = 3;

LayerConfig of_kind(LayerKind kind) {
  LayerConfig layer;
  layer.kind = kind;
  return layer;
}

LayerConfig convolution(int64_t channels, int64_t window, int64_t stride = 1, bool pads = true) {
  LayerConfig layer = of_kind(LayerKind::kConv2d);
  layer.size = channels;
  layer.window = window;
  layer.stride = stride;
  layer.pads = pads;
  return layer;
}

LayerConfig pool(LayerKind kind, int64_t window, int64_t stride) {
  LayerConfig layer = of_kind(kind);
  layer.window = window;
  layer.stride = stride;
  return layer;
}

LayerConfig dense(int64_t units, std::optional<Activation> activation = std::nullopt) {
  LayerConfig layer = of_kind(LayerKind::kDense);
  layer.size = units;
  layer.activation = activation;
  return layer;
}

LayerConfig activation(Activation function) {
  LayerConfig layer = of_kind(LayerKind::kActivation);
  layer.activation = function;
  return layer;
}

LayerConfig dropout(double probability) {
  LayerConfig layer = of_kind(LayerKind::kDropout);
  layer.probability = probability;
  return layer;
}

LayerConfig residual(std::vector<LayerConfig> branch, std::vector<LayerConfig> shortcut = {}) {
  LayerConfig layer = of_kind(LayerKind::kResidual);
  layer.branch = std::move(branch);
  layer.shortcut = std::move(shortcut);
  return layer;
}

ModelConfig network_of(std::vector<LayerConfig> layers) {
  ModelConfig config;
  config.type = "network";
  config.image = ImageConfig{kSide, kSide, 2};
  config.layers = std::move(layers);
  return config;
}

/// Every kind of layer; both kinds of shortcut; paths that end with a nonlinearity.
ModelConfig every_layer(double dropped) {
  LayerConfig grouped = convolution(4, 3);
  grouped.groups = 2;
  grouped.bias = false;
  LayerConfig smooth = convolution(4, 3);
  smooth.activation = Activation::kTanh;
  LayerConfig beside = convolution(6, 1, 2);
  beside.activation = Activation::kGelu;
  return network_of(
      {grouped, of_kind(LayerKind::kBatchNorm), activation(Activation::kTanh), residual({smooth}),
       residual({dropout(dropped), convolution(6, 3, 2), of_kind(LayerKind::kBatchNorm),
                 activation(Activation::kSigmoid)},
                {beside}),
       pool(LayerKind::kAveragePool, 2, 1), pool(LayerKind::kMaxPool, 1, 1),
       residual({of_kind(LayerKind::kBatchNorm)}), of_kind(LayerKind::kGlobalAveragePool),
       dense(7, Activation::kGelu), of_kind(LayerKind::kLayerNorm), dropout(dropped), dense(5)});
}

std::vector<float> some_values(int64_t n, uint64_t first) {
  std::vector<float> values;
  for (uint64_t i = 0; i < static_cast<uint64_t>(n); ++i) {
    values.push_back(kernels::element("unit", first + i));
  }
  return values;
}

/// sum over all outputs of weight * output, in training.
double weighted_outputs(Network& network, const std::vector<float>& inputs,
                        const std::vector<float>& weights) {
  const auto n_rows = static_cast<int64_t>(weights.size()) / kOutputs;
  const auto outputs = network.forward_training(
      kernels::dense_view<const float>(inputs.data(), n_rows, kFeatures), {1, 0});
  double sum = 0.0;
  for (size_t i = 0; i < weights.size(); ++i) {
    sum += static_cast<double>(weights[i]) * static_cast<double>(outputs.data[i]);
  }
  return sum;
}

TEST(ConfiguredNetwork, GradientsAgreeWithCentralDifferences) {
  constexpr int64_t kRows = 5;
  Network network(every_layer(0.0), kFeatures, kOutputs, 3, serial_device());
  const std::vector<float> inputs = some_values(kRows * kFeatures, 0);
  const std::vector<float> weights = some_values(kRows * kOutputs, 90'000);
  weighted_outputs(network, inputs, weights);
  network.backward(kernels::dense_view<const float>(weights.data(), kRows, kOutputs));
  const std::vector<float> gradients(network.gradients().begin(), network.gradients().end());
  double largest = 0.0;
  for (const Parameter& parameter : network.parameter_list()) {
    if (!parameter.trained) continue;
    for (int64_t k = 0; k < parameter.size; ++k) {
      const auto i = static_cast<size_t>(parameter.offset + k);
      const float centre = network.parameters()[i];
      constexpr float kStep = 1.0f / 256.0f;
      network.parameters()[i] = centre + kStep;
      const double above = weighted_outputs(network, inputs, weights);
      network.parameters()[i] = centre - kStep;
      const double below = weighted_outputs(network, inputs, weights);
      network.parameters()[i] = centre;
      const double difference = (above - below) / (2.0 * static_cast<double>(kStep));
      largest = std::max(largest, std::abs(difference));
      EXPECT_NEAR(static_cast<double>(gradients[i]), difference,
                  2e-3 * (1.0 + std::abs(difference)))
          << parameter.name << " " << k;
    }
  }
  EXPECT_GT(largest, 0.1);
}

std::vector<float> trained(const kernels::Parallel& parallel, int64_t n_rows) {
  CpuDevice device(parallel);
  Network network(every_layer(0.25), kFeatures, kOutputs, 3, device);
  Optimizer optimizer({}, network.parameter_list(), device);
  for (uint64_t step = 0; step < 3; ++step) {
    const std::vector<float> inputs = some_values(n_rows * kFeatures, step << 20);
    const std::vector<float> gradient = some_values(n_rows * kOutputs, (step << 20) + 500'000);
    network.forward_training(kernels::dense_view<const float>(inputs.data(), n_rows, kFeatures),
                             {3, step});
    network.backward(kernels::dense_view<const float>(gradient.data(), n_rows, kOutputs));
    optimizer.step(network.parameters(), network.gradients(), {step, 1.0});
  }
  return {network.parameters().begin(), network.parameters().end()};
}

TEST(ConfiguredNetwork, TrainingDoesNotNoticeThreadsOrCuts) {
  for (int64_t n_rows : {1, 33}) {
    const auto expected = bit_patterns(trained(kernels::SerialParallel(), n_rows));
    for (int n_threads : {1, 2, 7}) {
      EXPECT_EQ(bit_patterns(trained(CpuThreads(n_threads), n_rows)), expected);
    }
    const testing::AdversarialParallel parallel(5);
    EXPECT_EQ(bit_patterns(trained(parallel, n_rows)), expected);
  }
}

TEST(ConfiguredNetwork, InferenceGivesARowTheSameBitsInAnyBatch) {
  const Network network(every_layer(0.25), kFeatures, kOutputs, 3, serial_device());
  const std::vector<float> inputs = some_values(600 * kFeatures, 0);
  std::vector<float> together(600 * kOutputs);
  network.forward(kernels::dense_view<const float>(inputs.data(), 600, kFeatures),
                  kernels::dense_view(together.data(), 600, kOutputs));
  for (int64_t row : {0, 1, 511, 512, 599}) {
    std::vector<float> alone(kOutputs);
    network.forward(kernels::dense_view<const float>(inputs.data() + row * kFeatures, 1, kFeatures),
                    kernels::dense_view(alone.data(), 1, kOutputs));
    EXPECT_EQ(bit_patterns(alone), bit_patterns({together.data() + row * kOutputs, kOutputs}));
  }
}

TEST(ConfiguredNetwork, RunningStatisticsFollowTheBatchesAndNoOptimizer) {
  Network network(network_of({of_kind(LayerKind::kBatchNorm), of_kind(LayerKind::kFlatten)}),
                  kFeatures, kOutputs, 3, serial_device());
  const auto& list = network.parameter_list();
  ASSERT_EQ(list[2].name, "batch_norm0/running_mean");
  ASSERT_EQ(list[3].name, "batch_norm0/running_variance");
  EXPECT_FALSE(list[2].trained);
  const auto value_of = [&](size_t tensor) {
    return network.parameters()[static_cast<size_t>(list[tensor].offset)];
  };
  EXPECT_EQ(value_of(2), 0.0f);
  EXPECT_EQ(value_of(3), 1.0f);
  const std::vector<float> inputs(4 * kFeatures, 2.0f);
  const std::vector<float> gradient = some_values(4 * kOutputs, 7);
  network.forward_training(kernels::dense_view<const float>(inputs.data(), 4, kFeatures), {1, 0});
  EXPECT_EQ(value_of(2), 0.1f * 2.0f);
  EXPECT_EQ(value_of(3), 1.0f + 0.1f * (0.0f - 1.0f));
  network.backward(kernels::dense_view<const float>(gradient.data(), 4, kOutputs));
  const float mean = value_of(2), variance = value_of(3), shift = value_of(1);
  for (size_t tensor : {2, 3}) {
    float& unused = network.gradients()[static_cast<size_t>(list[tensor].offset)];
    EXPECT_EQ(unused, 0.0f);
    unused = 1.0f;  // an optimizer that looked at it would move the statistic
  }
  OptimizerConfig config;
  config.kind = OptimizerKind::kAdamw;
  config.weight_decay = 0.5;
  Optimizer optimizer(config, list, serial_device());
  optimizer.step(network.parameters(), network.gradients(), {0, 1.0});
  EXPECT_EQ(value_of(2), mean);
  EXPECT_EQ(value_of(3), variance);
  EXPECT_NE(value_of(1), shift);
}

TEST(ConfiguredNetwork, NumbersItsTensorsDepthFirst) {
  const Network network(every_layer(0.25), kFeatures, kOutputs, 3, serial_device());
  std::string names;
  for (const Parameter& parameter : network.parameter_list()) names += parameter.name + " ";
  EXPECT_EQ(names,
            "conv0/weight batch_norm0/scale batch_norm0/shift batch_norm0/running_mean "
            "batch_norm0/running_variance conv1/weight conv1/bias conv2/weight conv2/bias "
            "batch_norm1/scale batch_norm1/shift batch_norm1/running_mean "
            "batch_norm1/running_variance conv3/weight conv3/bias batch_norm2/scale "
            "batch_norm2/shift batch_norm2/running_mean batch_norm2/running_variance "
            "layer0/weight layer0/bias norm0/scale norm0/shift layer1/weight layer1/bias "
            "layer2/weight layer2/bias ");
  EXPECT_EQ(network.parameter_list()[0].shape, (std::vector<int64_t>{3, 3, 1, 4}));
}

TEST(ConfiguredNetwork, IsTheSameNetworkAfterStorage) {
  const ModelConfig saved = every_layer(0.25);
  Hdf5Node root;
  save_layers(saved, root);
  ModelConfig loaded;
  loaded.type = "network";
  const StoredFile file{"model.h5", "model"};
  load_layers({root, file}, loaded);
  Network first(saved, kFeatures, kOutputs, 3, serial_device());
  Network second(loaded, kFeatures, kOutputs, 3, serial_device());
  const std::vector<float> inputs = some_values(9 * kFeatures, 0);
  const auto bits_of = [&](Network& network) {
    const auto outputs = network.forward_training(
        kernels::dense_view<const float>(inputs.data(), 9, kFeatures), {3, 1});
    return bit_patterns(elements(outputs));
  };
  EXPECT_EQ(bits_of(first), bits_of(second));
}

std::string refusal(const ModelConfig& config, int64_t n_features = kFeatures) {
  try {
    Network(config, n_features, kOutputs, 1, serial_device());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kConfig);
    return error.what();
  }
  return "";
}

TEST(ConfiguredNetwork, RefusesLayersThatDoNotFitNamingTheirPlace) {
  const LayerConfig flatten = of_kind(LayerKind::kFlatten);
  EXPECT_EQ(refusal(network_of({flatten}), 70),
            "/model/image: an image of 6 x 6 x 2 has 72 numbers, but a row has 70 features; "
            "change the image, or /features and /data/columns");
  EXPECT_EQ(refusal(network_of({flatten, convolution(4, 3)})),
            "/model/layers/1: conv2d needs an image, but finds 72 numbers; set /model/image, or "
            "move the layer before flatten and global_average_pool");
  EXPECT_EQ(refusal(network_of({convolution(4, 3)})),
            "/model/layers: a dense layer needs numbers without a geometry, but finds an image of "
            "6 x 6 x 4; put flatten or global_average_pool before it");
  EXPECT_EQ(refusal(network_of({pool(LayerKind::kMaxPool, 7, 1), flatten})),
            "/model/layers/0: a window of 7 x 7 pixels does not fit an image of 6 x 6 x 2; make "
            "it smaller, or set padding to \"same\"");
  LayerConfig grouped = convolution(4, 3);
  grouped.groups = 4;
  EXPECT_EQ(refusal(network_of({residual({grouped}), flatten})),
            "/model/layers/0/layers/0: 4 groups must divide the 2 channels found and the 4 "
            "channels made; choose a divisor of both");
  EXPECT_EQ(refusal(network_of({residual({convolution(4, 3)}), flatten})),
            "/model/layers/0: the layers make an image of 6 x 6 x 4, the shortcut an image of 6 x "
            "6 x 2; both must make the same: give shortcut a conv2d with kernel 1 and the channels "
            "and stride of the layers");
  EXPECT_EQ(refusal(network_of({convolution(4, 0), flatten})),
            "/model/layers/0: a number of this layer is out of range");
  LayerConfig norm = of_kind(LayerKind::kBatchNorm);
  norm.momentum = std::nan("");
  EXPECT_EQ(refusal(network_of({norm, flatten})),
            "/model/layers/0: a number of this layer is out of range");
}

TEST(ConfiguredNetwork, RefusesMoreParametersThanCanBeCounted) {
  // Their number is beyond 2^63; already the second weight is beyond what a norm is defined for.
  std::vector<LayerConfig> layers(200, convolution(int64_t{1} << 20, 255));
  layers.push_back(of_kind(LayerKind::kFlatten));
  EXPECT_EQ(refusal(network_of(layers)),
            "/model: the sizes of the layer of conv1/weight are below 1, or make more than 2^40 "
            "parameters; choose other ones");
  ModelConfig perceptron;
  perceptron.type = "mlp";
  perceptron.hidden = {-5};
  EXPECT_EQ(refusal(perceptron),
            "/model: the sizes of the layer of layer0/weight are below 1, or make more than 2^40 "
            "parameters; choose other ones");
}

TEST(StoredLayers, AreAsManyAsTheirCount) {
  Hdf5Node root;
  const StoredFile file{"model.h5", "model"};
  save_layers(every_layer(0.25), root);
  for (const int64_t count : {-1, 0, 1, 1000}) {
    root.at_or_create("layers").attributes["count"] = Array::scalar(count);
    ModelConfig loaded;
    EXPECT_THROW(load_layers({root, file}, loaded), Error) << count;
  }
}

}  // namespace
}  // namespace reprotrain::engine
