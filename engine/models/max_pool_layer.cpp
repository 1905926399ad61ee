// SPDX-License-Identifier: Apache-2.0
#include "engine/models/max_pool_layer.h"

namespace reprotrain::engine {

kernels::ConstMatrixView MaxPoolLayer::forward_training(kernels::ConstMatrixView inputs,
                                                        const ParameterArenas& /*arenas*/,
                                                        StepPosition /*position*/,
                                                        ComputeDevice& device) {
  const kernels::MatrixView outputs = outputs_.matrix(device, inputs.n_rows, n_outputs());
  device.max_pooling(
      {pooling_, inputs, outputs, winners_.matrix(device, outputs.n_rows, outputs.n_columns)});
  return outputs;
}

void MaxPoolLayer::forward(kernels::ConstMatrixView inputs, std::span<const float> /*parameters*/,
                           kernels::MatrixView outputs, ComputeDevice& device) const {
  device.max_pooling(kernels::MaxPoolingForward{pooling_, inputs, outputs});
}

kernels::MatrixView MaxPoolLayer::backward(kernels::MatrixView gradient,
                                           const ParameterArenas& /*arenas*/,
                                           const InputGradient& wanted, ComputeDevice& device) {
  if (!wanted.is_wanted) return {};
  const kernels::MatrixView result =
      input_gradient_.matrix(device, gradient.n_rows, pooling_.n_inputs());
  device.max_pooling(
      {pooling_, winners_.matrix(device, gradient.n_rows, gradient.n_columns), gradient, result});
  device.finish_matrix(wanted.end, result);
  return result;
}

}  // namespace reprotrain::engine
