// SPDX-License-Identifier: Apache-2.0
#include "engine/models/average_pool_layer.h"

namespace reprotrain::engine {

kernels::ConstMatrixView AveragePoolLayer::forward_training(kernels::ConstMatrixView inputs,
                                                            const ParameterArenas& /*arenas*/,
                                                            StepPosition /*position*/,
                                                            ComputeDevice& device) {
  const kernels::MatrixView outputs = outputs_.matrix(device, inputs.n_rows, n_outputs());
  forward(inputs, {}, outputs, device);
  return outputs;
}

void AveragePoolLayer::forward(kernels::ConstMatrixView inputs,
                               std::span<const float> /*parameters*/, kernels::MatrixView outputs,
                               ComputeDevice& device) const {
  device.average_pooling(pooling_, inputs, outputs);
}

kernels::MatrixView AveragePoolLayer::backward(kernels::MatrixView gradient,
                                               const ParameterArenas& /*arenas*/,
                                               const InputGradient& wanted, ComputeDevice& device) {
  if (!wanted.is_wanted) return {};
  const kernels::MatrixView result =
      input_gradient_.matrix(device, gradient.n_rows, pooling_.n_inputs());
  device.average_pooling_backward(pooling_, gradient, result);
  device.finish_matrix(wanted.end, result);
  return result;
}

}  // namespace reprotrain::engine
