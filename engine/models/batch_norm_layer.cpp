// SPDX-License-Identifier: Apache-2.0
#include "engine/models/batch_norm_layer.h"

#include <algorithm>

#include "kernels/conv/batch_norm.h"

namespace reprotrain::engine {

std::vector<ParameterRequest> BatchNormLayer::parameters() const {
  const std::string prefix = "batch_norm" + std::to_string(index_);
  return {{prefix + "/scale", {n_channels_}},
          {prefix + "/shift", {n_channels_}},
          {prefix + "/running_mean", {n_channels_}, false, false},
          {prefix + "/running_variance", {n_channels_}, false, false}};
}

void BatchNormLayer::initialise(size_t index, uint64_t /*seed*/, uint32_t /*instance*/,
                                std::span<float> values) const {
  const bool starts_at_one = index == kScale || index == kRunningVariance;
  std::fill(values.begin(), values.end(), starts_at_one ? 1.0f : 0.0f);
}

void BatchNormLayer::place(std::span<const int64_t> offsets) {
  std::copy_n(offsets.begin(), offsets_.size(), offsets_.begin());
}

kernels::ConstMatrixView BatchNormLayer::forward_training(kernels::ConstMatrixView inputs,
                                                          const ParameterArenas& arenas,
                                                          StepPosition /*position*/,
                                                          ComputeDevice& device) {
  inputs_ = inputs;
  const kernels::MatrixView outputs = outputs_.matrix(device, inputs.n_rows, n_outputs());
  kernels::BatchNormTraining pass;
  pass.x = pixels(inputs);
  pass.scale = tensor(arenas.values, kScale);
  pass.shift = tensor(arenas.values, kShift);
  pass.momentum = momentum_;
  pass.running_mean = tensor(arenas.untrained, kRunningMean);
  pass.running_variance = tensor(arenas.untrained, kRunningVariance);
  pass.mean = elements(mean_.matrix(device, 1, n_channels_));
  pass.inverse = elements(inverse_.matrix(device, 1, n_channels_));
  pass.y = pixels(outputs);
  device.batch_norm(pass);
  return outputs;
}

void BatchNormLayer::forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
                             kernels::MatrixView outputs, ComputeDevice& device) const {
  kernels::BatchNormInference pass;
  pass.x = pixels(inputs);
  pass.scale = tensor(parameters, kScale);
  pass.shift = tensor(parameters, kShift);
  pass.running_mean = tensor(parameters, kRunningMean);
  pass.running_variance = tensor(parameters, kRunningVariance);
  pass.y = pixels(outputs);
  device.batch_norm(pass);
}

kernels::MatrixView BatchNormLayer::backward(kernels::MatrixView gradient,
                                             const ParameterArenas& arenas,
                                             const InputGradient& wanted, ComputeDevice& device) {
  kernels::BatchNormBackward pass;
  pass.x = pixels(inputs_);
  pass.mean = mean_.span();
  pass.inverse = inverse_.span();
  pass.scale = tensor(arenas.values, kScale);
  pass.gradient = pixels(gradient);
  pass.scale_gradient = tensor(arenas.gradients, kScale);
  pass.shift_gradient = tensor(arenas.gradients, kShift);
  device.batch_norm(pass);
  device.finish_matrix(wanted.end, gradient);
  return gradient;
}

}  // namespace reprotrain::engine
