// SPDX-License-Identifier: Apache-2.0
#include "engine/models/residual_layer.h"

#include <algorithm>
#include <iterator>

#include "kernels/elementwise/addition.h"
#include "kernels/matmul/epilogue_rows.h"

namespace reprotrain::engine {

std::vector<ParameterRequest> ResidualLayer::parameters() const {
  std::vector<ParameterRequest> all = branch_.parameters();
  std::vector<ParameterRequest> rest = shortcut_.parameters();
  std::move(rest.begin(), rest.end(), std::back_inserter(all));
  return all;
}

void ResidualLayer::initialise(size_t index, uint64_t seed, uint32_t instance,
                               std::span<float> values) const {
  const size_t n_branch = branch_.parameters().size();
  if (index < n_branch) return branch_.initialise(index, seed, instance, values);
  shortcut_.initialise(index - n_branch, seed, instance, values);
}

void ResidualLayer::place(std::span<const int64_t> offsets) {
  const size_t n_branch = branch_.parameters().size();
  branch_.place(offsets.first(n_branch));
  shortcut_.place(offsets.subspan(n_branch));
}

kernels::ConstMatrixView ResidualLayer::forward_training(kernels::ConstMatrixView inputs,
                                                         const ParameterArenas& arenas,
                                                         StepPosition position,
                                                         const kernels::Parallel& parallel) {
  const auto branch = branch_.forward_training(inputs, arenas, position, parallel);
  const auto shortcut = shortcut_.forward_training(inputs, arenas, position, parallel);
  const kernels::MatrixView outputs = outputs_.matrix(inputs.n_rows, n_outputs_);
  kernels::add(elements(shortcut), elements(branch), elements(outputs), parallel);
  return outputs;
}

void ResidualLayer::forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
                            kernels::MatrixView outputs, const kernels::Parallel& parallel) const {
  FloatArena memory;
  const kernels::MatrixView branch = memory.matrix(inputs.n_rows, n_outputs_);
  branch_.forward(inputs, parameters, branch, parallel);
  shortcut_.forward(inputs, parameters, outputs, parallel);
  kernels::add(elements(outputs), elements(branch), elements(outputs), parallel);
}

kernels::MatrixView ResidualLayer::backward(kernels::MatrixView gradient,
                                            const ParameterArenas& arenas,
                                            const InputGradient& wanted,
                                            const kernels::Parallel& parallel) {
  const kernels::MatrixView copy = branch_gradient_.matrix(gradient.n_rows, n_outputs_);
  copy_rows(gradient, copy);
  kernels::finish_matrix(branch_.output_derivative(), copy, parallel);
  kernels::finish_matrix(shortcut_.output_derivative(), gradient, parallel);
  const InputGradient inner{wanted.is_wanted};
  const kernels::MatrixView branch = branch_.backward(copy, arenas, inner, parallel);
  const kernels::MatrixView shortcut = shortcut_.backward(gradient, arenas, inner, parallel);
  if (!wanted.is_wanted) return {};
  const kernels::MatrixView sum = input_gradient_.matrix(gradient.n_rows, n_inputs_);
  kernels::add(elements(branch), elements(shortcut), elements(sum), parallel);
  kernels::finish_matrix(wanted.end, sum, parallel);
  return sum;
}

}  // namespace reprotrain::engine
