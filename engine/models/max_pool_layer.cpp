// SPDX-License-Identifier: Apache-2.0
#include "engine/models/max_pool_layer.h"

#include "kernels/matmul/epilogue_rows.h"

namespace reprotrain::engine {

kernels::ConstMatrixView MaxPoolLayer::forward_training(kernels::ConstMatrixView inputs,
                                                        const ParameterArenas& /*arenas*/,
                                                        StepPosition /*position*/,
                                                        const kernels::Parallel& parallel) {
  const kernels::MatrixView outputs = outputs_.matrix(inputs.n_rows, n_outputs());
  winners_.resize(static_cast<size_t>(outputs.n_rows * outputs.n_columns));
  kernels::max_pooling_forward(
      {pooling_, inputs, outputs,
       kernels::dense_view(winners_.data(), outputs.n_rows, outputs.n_columns)},
      parallel);
  return outputs;
}

void MaxPoolLayer::forward(kernels::ConstMatrixView inputs, std::span<const float> /*parameters*/,
                           kernels::MatrixView outputs, const kernels::Parallel& parallel) const {
  std::vector<int32_t> winners(static_cast<size_t>(outputs.n_rows * outputs.n_columns));
  kernels::max_pooling_forward(
      {pooling_, inputs, outputs,
       kernels::dense_view(winners.data(), outputs.n_rows, outputs.n_columns)},
      parallel);
}

kernels::MatrixView MaxPoolLayer::backward(kernels::MatrixView gradient,
                                           const ParameterArenas& /*arenas*/,
                                           const InputGradient& wanted,
                                           const kernels::Parallel& parallel) {
  if (!wanted.is_wanted) return {};
  const kernels::MatrixView result = input_gradient_.matrix(gradient.n_rows, pooling_.n_inputs());
  kernels::max_pooling_backward(
      {pooling_,
       kernels::dense_view<const int32_t>(winners_.data(), gradient.n_rows, gradient.n_columns),
       gradient, result},
      parallel);
  kernels::finish_matrix(wanted.end, result, parallel);
  return result;
}

}  // namespace reprotrain::engine
