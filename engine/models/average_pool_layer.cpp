// SPDX-License-Identifier: Apache-2.0
#include "engine/models/average_pool_layer.h"

#include "kernels/matmul/epilogue_rows.h"

namespace reprotrain::engine {

kernels::ConstMatrixView AveragePoolLayer::forward_training(kernels::ConstMatrixView inputs,
                                                            const ParameterArenas& /*arenas*/,
                                                            StepPosition /*position*/,
                                                            const kernels::Parallel& parallel) {
  const kernels::MatrixView outputs = outputs_.matrix(inputs.n_rows, n_outputs());
  forward(inputs, {}, outputs, parallel);
  return outputs;
}

void AveragePoolLayer::forward(kernels::ConstMatrixView inputs,
                               std::span<const float> /*parameters*/, kernels::MatrixView outputs,
                               const kernels::Parallel& parallel) const {
  kernels::average_pooling_forward(pooling_, inputs, outputs, parallel);
}

kernels::MatrixView AveragePoolLayer::backward(kernels::MatrixView gradient,
                                               const ParameterArenas& /*arenas*/,
                                               const InputGradient& wanted,
                                               const kernels::Parallel& parallel) {
  if (!wanted.is_wanted) return {};
  const kernels::MatrixView result = input_gradient_.matrix(gradient.n_rows, pooling_.n_inputs());
  kernels::average_pooling_backward(pooling_, gradient, result, parallel);
  kernels::finish_matrix(wanted.end, result, parallel);
  return result;
}

}  // namespace reprotrain::engine
