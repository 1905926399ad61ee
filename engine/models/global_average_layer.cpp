// SPDX-License-Identifier: Apache-2.0
#include "engine/models/global_average_layer.h"

#include "kernels/conv/pooling.h"
#include "kernels/matmul/epilogue_rows.h"

namespace reprotrain::engine {

kernels::ConstMatrixView GlobalAverageLayer::forward_training(kernels::ConstMatrixView inputs,
                                                              const ParameterArenas& /*arenas*/,
                                                              StepPosition /*position*/,
                                                              const kernels::Parallel& parallel) {
  const kernels::MatrixView outputs = outputs_.matrix(inputs.n_rows, n_outputs());
  forward(inputs, {}, outputs, parallel);
  return outputs;
}

void GlobalAverageLayer::forward(kernels::ConstMatrixView inputs,
                                 std::span<const float> /*parameters*/, kernels::MatrixView outputs,
                                 const kernels::Parallel& parallel) const {
  kernels::global_average_forward(inputs, outputs, parallel);
}

kernels::MatrixView GlobalAverageLayer::backward(kernels::MatrixView gradient,
                                                 const ParameterArenas& /*arenas*/,
                                                 const InputGradient& wanted,
                                                 const kernels::Parallel& parallel) {
  if (!wanted.is_wanted) return {};
  const kernels::MatrixView result =
      input_gradient_.matrix(gradient.n_rows, n_pixels_ * n_channels_);
  kernels::global_average_backward(gradient, result, parallel);
  kernels::finish_matrix(wanted.end, result, parallel);
  return result;
}

}  // namespace reprotrain::engine
