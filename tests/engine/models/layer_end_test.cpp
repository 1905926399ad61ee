// SPDX-License-Identifier: Apache-2.0
// Every layer ends the gradient of its inputs as it is asked to, whatever comes before it.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/models/activation_layer.h"
#include "engine/models/average_pool_layer.h"
#include "engine/models/batch_norm_layer.h"
#include "engine/models/convolution_layer.h"
#include "engine/models/dense_layer.h"
#include "engine/models/dropout_layer.h"
#include "engine/models/global_average_layer.h"
#include "engine/models/max_pool_layer.h"
#include "engine/models/norm_layer.h"
#include "engine/models/residual_layer.h"
#include "kernels/conformance/test_values.h"
#include "kernels/elementwise/activation.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/serial_device.h"

namespace reprotrain::engine {
namespace {

constexpr int64_t kRows = 9;
constexpr int64_t kWidth = 21;

std::vector<float> values(uint64_t first) {
  std::vector<float> numbers;
  for (uint64_t i = 0; i < static_cast<uint64_t>(kRows * kWidth); ++i) {
    numbers.push_back(kernels::element("unit", first + i));
  }
  return numbers;
}

/// Windows of 3 pixels on an axis, as many as pixels.
kernels::WindowAxis axis(int64_t size) { return kernels::with_same_padding({size, 3}); }

kernels::Pooling pooling() { return {axis(3), axis(7), 1}; }

std::unique_ptr<Layer> convolution() {
  const kernels::Convolution geometry{axis(3), axis(7)};
  return std::make_unique<ConvolutionLayer>(0, geometry, kernels::MatmulSpecification::kFma32,
                                            true);
}

std::unique_ptr<Layer> residual() {
  LayerChain branch, shortcut;
  branch.add(convolution());
  branch.add(std::make_unique<ActivationLayer>(kWidth, Activation::kGelu));
  return std::make_unique<ResidualLayer>(std::move(branch), std::move(shortcut), kWidth, kWidth);
}

using MakeLayer = std::unique_ptr<Layer> (*)();

struct LayerCase {
  std::string name;
  MakeLayer make;
};

/// The gradient of the inputs after a forward and a backward pass of a new layer.
std::vector<float> input_gradient(const LayerCase& layer_case, const kernels::Epilogue& end) {
  const std::unique_ptr<Layer> layer = layer_case.make();
  std::vector<int64_t> offsets;
  std::vector<float> parameters;
  for (const ParameterRequest& request : layer->parameters()) {
    int64_t size = 1;
    for (const int64_t n : request.shape) size *= n;
    offsets.push_back(static_cast<int64_t>(parameters.size()));
    for (int64_t i = 0; i < size; ++i) {
      parameters.push_back(kernels::element("unit", 70'000 + parameters.size()));
    }
  }
  layer->place(offsets);
  std::vector<float> gradients(parameters.size());
  const ParameterArenas arenas{parameters, gradients, parameters};
  ComputeDevice& serial = testing::serial_device();
  const std::vector<float> inputs = values(0);
  std::vector<float> gradient = values(10'000);
  layer->forward_training(kernels::dense_view(inputs.data(), kRows, kWidth), arenas, {3, 5},
                          serial);
  const kernels::MatrixView result = layer->backward(
      kernels::dense_view(gradient.data(), kRows, kWidth), arenas, {true, end}, serial);
  const auto all = elements(result);
  return {all.begin(), all.end()};
}

class LayerEnd : public ::testing::TestWithParam<LayerCase> {};

TEST_P(LayerEnd, IsTheDerivativeOfWhateverMadeTheInputs) {
  const std::vector<float> of = values(30'000);
  std::vector<float> expected = input_gradient(GetParam(), {});
  for (size_t i = 0; i < of.size(); ++i) {
    expected[i] = expected[i] * kernels::Tanh::derivative(of[i], of[i]);
  }
  const auto end = kernels::Epilogue::times_derivative(
      Activation::kTanh, kernels::dense_view(of.data(), kRows, kWidth));
  EXPECT_EQ(testing::bit_patterns(input_gradient(GetParam(), end)),
            testing::bit_patterns(expected));
}

INSTANTIATE_TEST_SUITE_P(
    Layers, LayerEnd,
    ::testing::Values(LayerCase{"dense",
                                []() -> std::unique_ptr<Layer> {
                                  return std::make_unique<DenseLayer>(
                                      0, kWidth, kWidth, kernels::MatmulSpecification::kFma32,
                                      Activation::kRelu);
                                }},
                      LayerCase{"norm",
                                []() -> std::unique_ptr<Layer> {
                                  return std::make_unique<NormLayer>(0, kWidth);
                                }},
                      LayerCase{"activation",
                                []() -> std::unique_ptr<Layer> {
                                  return std::make_unique<ActivationLayer>(kWidth,
                                                                           Activation::kGelu);
                                }},
                      LayerCase{"dropout",
                                []() -> std::unique_ptr<Layer> {
                                  return std::make_unique<DropoutLayer>(0, kWidth, 0.25);
                                }},
                      LayerCase{"convolution", convolution}, LayerCase{"residual", residual},
                      LayerCase{"batch_norm",
                                []() -> std::unique_ptr<Layer> {
                                  return std::make_unique<BatchNormLayer>(0, 7, 3, 0.1);
                                }},
                      LayerCase{"max_pool",
                                []() -> std::unique_ptr<Layer> {
                                  return std::make_unique<MaxPoolLayer>(pooling());
                                }},
                      LayerCase{"average_pool",
                                []() -> std::unique_ptr<Layer> {
                                  return std::make_unique<AveragePoolLayer>(pooling());
                                }},
                      LayerCase{"global_average",
                                []() -> std::unique_ptr<Layer> {
                                  return std::make_unique<GlobalAverageLayer>(1, kWidth);
                                }}),
    [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace reprotrain::engine
