// SPDX-License-Identifier: Apache-2.0
#include "engine/models/global_average_layer.h"

#include "kernels/conv/pooling.h"

namespace reprotrain::engine {

kernels::ConstMatrixView GlobalAverageLayer::forward_training(kernels::ConstMatrixView inputs,
                                                              const ParameterArenas& /*arenas*/,
                                                              StepPosition /*position*/,
                                                              ComputeDevice& device) {
  const kernels::MatrixView outputs = outputs_.matrix(device, inputs.n_rows, n_outputs());
  forward(inputs, {}, outputs, device);
  return outputs;
}

void GlobalAverageLayer::forward(kernels::ConstMatrixView inputs,
                                 std::span<const float> /*parameters*/, kernels::MatrixView outputs,
                                 ComputeDevice& device) const {
  device.global_average(inputs, outputs);
}

kernels::MatrixView GlobalAverageLayer::backward(kernels::MatrixView gradient,
                                                 const ParameterArenas& /*arenas*/,
                                                 const InputGradient& wanted,
                                                 ComputeDevice& device) {
  if (!wanted.is_wanted) return {};
  const kernels::MatrixView result =
      input_gradient_.matrix(device, gradient.n_rows, n_pixels_ * n_channels_);
  device.global_average_backward(gradient, result);
  device.finish_matrix(wanted.end, result);
  return result;
}

}  // namespace reprotrain::engine
