// SPDX-License-Identifier: Apache-2.0
#include "engine/models/dense_layer.h"

#include <algorithm>
#include <cassert>

#include "kernels/elementwise/initialisation.h"

namespace reprotrain::engine {

DenseLayer::DenseLayer(int64_t index, int64_t n_inputs, int64_t n_outputs,
                       kernels::MatmulSpecification matmul, std::optional<Activation> activation)
    : index_(index),
      n_inputs_(n_inputs),
      n_outputs_(n_outputs),
      matmul_(matmul),
      activation_(activation) {}

std::vector<ParameterRequest> DenseLayer::parameters() const {
  const std::string prefix = "layer" + std::to_string(index_);
  return {{prefix + "/weight", {n_inputs_, n_outputs_}, true}, {prefix + "/bias", {n_outputs_}}};
}

void DenseLayer::initialise(size_t index, uint64_t seed, uint32_t instance,
                            std::span<float> values) const {
  if (index == 0) {
    kernels::initialise_weight(n_inputs_, n_outputs_, seed, instance, values);
  } else {
    std::fill(values.begin(), values.end(), 0.0f);
  }
}

void DenseLayer::place(std::span<const int64_t> offsets) {
  weight_offset_ = offsets[0];
  bias_offset_ = offsets[1];
}

void DenseLayer::multiply(kernels::ConstMatrixView inputs, std::span<const float> parameters,
                          kernels::MatrixView outputs, const kernels::Epilogue& epilogue,
                          ComputeDevice& device) const {
  kernels::MatrixProduct product;
  product.a = inputs;
  product.b = weight(parameters);
  product.c = outputs;
  product.bias = parameters.data() + bias_offset_;
  product.epilogue = epilogue;
  device.multiply(matmul_, product);
}

void DenseLayer::forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
                         kernels::MatrixView outputs, ComputeDevice& device) const {
  multiply(inputs, parameters, outputs,
           activation_ ? kernels::Epilogue::activate(*activation_) : kernels::Epilogue{}, device);
}

kernels::ConstMatrixView DenseLayer::forward_training(kernels::ConstMatrixView inputs,
                                                      const ParameterArenas& arenas,
                                                      StepPosition /*position*/,
                                                      ComputeDevice& device) {
  inputs_ = inputs;
  const kernels::MatrixView outputs = outputs_.matrix(device, inputs.n_rows, n_outputs_);
  derivative_of_ = outputs;
  if (activation_ && kernels::derivative_needs_input(*activation_)) {
    const kernels::MatrixView kept = activation_inputs_.matrix(device, inputs.n_rows, n_outputs_);
    multiply(inputs, arenas.values, outputs,
             kernels::Epilogue::activate_and_keep(*activation_, kept), device);
    derivative_of_ = kept;
  } else {
    forward(inputs, arenas.values, outputs, device);
  }
  return outputs;
}

kernels::Epilogue DenseLayer::output_derivative() const {
  if (!activation_) return {};
  return kernels::Epilogue::times_derivative(*activation_, derivative_of_);
}

kernels::MatrixView DenseLayer::backward(kernels::MatrixView gradient,
                                         const ParameterArenas& arenas, const InputGradient& wanted,
                                         ComputeDevice& device) {
  assert(gradient.n_rows == inputs_.n_rows);
  kernels::MatrixProduct weight_gradient;
  weight_gradient.a = inputs_;
  weight_gradient.transpose_a = true;
  weight_gradient.b = gradient;
  weight_gradient.c = weight(arenas.gradients);
  device.multiply(matmul_, weight_gradient);
  device.column_sums(gradient, arenas.gradients.subspan(static_cast<size_t>(bias_offset_),
                                                        static_cast<size_t>(n_outputs_)));
  if (!wanted.is_wanted) return {};

  kernels::MatrixProduct input_gradient;
  input_gradient.a = gradient;
  input_gradient.b = weight(arenas.values);
  input_gradient.transpose_b = true;
  input_gradient.c = input_gradient_.matrix(device, gradient.n_rows, n_inputs_);
  input_gradient.epilogue = wanted.end;
  device.multiply(matmul_, input_gradient);
  return input_gradient.c;
}

}  // namespace reprotrain::engine
