// SPDX-License-Identifier: Apache-2.0
#include "engine/models/activation_layer.h"

#include "kernels/matmul/epilogue_rows.h"

namespace reprotrain::engine {

ActivationLayer::ActivationLayer(int64_t n, Activation activation)
    : n_(n), activation_(activation), kernel_(kernels::find_activation(name_of(activation))) {}

kernels::Epilogue ActivationLayer::output_derivative() const {
  const bool needs_input = kernels::derivative_needs_input(activation_);
  return kernels::Epilogue::times_derivative(activation_, needs_input ? inputs_ : outputs_);
}

kernels::ConstMatrixView ActivationLayer::forward_training(kernels::ConstMatrixView inputs,
                                                           const ParameterArenas& /*arenas*/,
                                                           StepPosition /*position*/,
                                                           const kernels::Parallel& parallel) {
  inputs_ = inputs;
  const kernels::MatrixView outputs = memory_.matrix(inputs.n_rows, n_);
  kernel_->forward(elements(inputs), elements(outputs), parallel);
  return outputs_ = outputs;
}

void ActivationLayer::forward(kernels::ConstMatrixView inputs,
                              std::span<const float> /*parameters*/, kernels::MatrixView outputs,
                              const kernels::Parallel& parallel) const {
  kernel_->forward(elements(inputs), elements(outputs), parallel);
}

kernels::MatrixView ActivationLayer::backward(kernels::MatrixView gradient,
                                              const ParameterArenas& /*arenas*/,
                                              const InputGradient& wanted,
                                              const kernels::Parallel& parallel) {
  // Whoever computed the gradient has multiplied it by this layer's own derivative.
  kernels::finish_matrix(wanted.end, gradient, parallel);
  return gradient;
}

}  // namespace reprotrain::engine
