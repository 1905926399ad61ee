// SPDX-License-Identifier: Apache-2.0
#include "engine/models/norm_layer.h"

#include <algorithm>

#include "kernels/elementwise/layer_norm.h"

namespace reprotrain::engine {

std::vector<ParameterRequest> NormLayer::parameters() const {
  const std::string prefix = "norm" + std::to_string(index_);
  return {{prefix + "/scale", {n_}}, {prefix + "/shift", {n_}}};
}

void NormLayer::initialise(size_t index, uint64_t /*seed*/, uint32_t /*instance*/,
                           std::span<float> values) const {
  std::fill(values.begin(), values.end(), index == 0 ? 1.0f : 0.0f);
}

void NormLayer::place(std::span<const int64_t> offsets) {
  scale_offset_ = offsets[0];
  shift_offset_ = offsets[1];
}

kernels::ConstMatrixView NormLayer::forward_training(kernels::ConstMatrixView inputs,
                                                     const ParameterArenas& arenas,
                                                     StepPosition /*position*/,
                                                     ComputeDevice& device) {
  kernels::LayerNormForward pass;
  pass.x = inputs;
  pass.scale = tensor(arenas.values, scale_offset_);
  pass.shift = tensor(arenas.values, shift_offset_);
  pass.normal = normal_.matrix(device, inputs.n_rows, n_);
  pass.inverse = {inverse_.matrix(device, inputs.n_rows, 1).data,
                  static_cast<size_t>(inputs.n_rows)};
  pass.y = outputs_.matrix(device, inputs.n_rows, n_);
  device.layer_norm(pass);
  return pass.y;
}

void NormLayer::forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
                        kernels::MatrixView outputs, ComputeDevice& device) const {
  FloatArena inverse(device, inputs.n_rows);
  kernels::LayerNormForward pass;
  pass.x = inputs;
  pass.scale = tensor(parameters, scale_offset_);
  pass.shift = tensor(parameters, shift_offset_);
  pass.normal = outputs;
  pass.inverse = inverse.span();
  pass.y = outputs;
  device.layer_norm(pass);
}

kernels::MatrixView NormLayer::backward(kernels::MatrixView gradient, const ParameterArenas& arenas,
                                        const InputGradient& wanted, ComputeDevice& device) {
  kernels::LayerNormBackward pass;
  pass.normal = normal_.matrix(device, gradient.n_rows, n_);
  pass.inverse = {inverse_.data(), static_cast<size_t>(gradient.n_rows)};
  pass.scale = tensor(arenas.values, scale_offset_);
  pass.gradient = gradient;
  pass.scale_terms = scale_terms_.matrix(device, gradient.n_rows, n_);
  pass.scale_gradient = tensor(arenas.gradients, scale_offset_);
  pass.shift_gradient = tensor(arenas.gradients, shift_offset_);
  device.layer_norm(pass);
  device.finish_matrix(wanted.end, gradient);
  return gradient;
}

}  // namespace reprotrain::engine
