// SPDX-License-Identifier: Apache-2.0
#include "engine/models/activation_layer.h"

namespace reprotrain::engine {

kernels::Epilogue ActivationLayer::output_derivative() const {
  const bool needs_input = kernels::derivative_needs_input(activation_);
  return kernels::Epilogue::times_derivative(activation_, needs_input ? inputs_ : outputs_);
}

kernels::ConstMatrixView ActivationLayer::forward_training(kernels::ConstMatrixView inputs,
                                                           const ParameterArenas& /*arenas*/,
                                                           StepPosition /*position*/,
                                                           ComputeDevice& device) {
  inputs_ = inputs;
  const kernels::MatrixView outputs = memory_.matrix(device, inputs.n_rows, n_);
  device.activate(activation_, elements(inputs), elements(outputs));
  return outputs_ = outputs;
}

void ActivationLayer::forward(kernels::ConstMatrixView inputs,
                              std::span<const float> /*parameters*/, kernels::MatrixView outputs,
                              ComputeDevice& device) const {
  device.activate(activation_, elements(inputs), elements(outputs));
}

kernels::MatrixView ActivationLayer::backward(kernels::MatrixView gradient,
                                              const ParameterArenas& /*arenas*/,
                                              const InputGradient& wanted, ComputeDevice& device) {
  // Whoever computed the gradient has multiplied it by this layer's own derivative.
  device.finish_matrix(wanted.end, gradient);
  return gradient;
}

}  // namespace reprotrain::engine
