// SPDX-License-Identifier: Apache-2.0
#include "engine/models/residual_layer.h"

#include <algorithm>
#include <iterator>

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
                                                         ComputeDevice& device) {
  const auto branch = branch_.forward_training(inputs, arenas, position, device);
  const auto shortcut = shortcut_.forward_training(inputs, arenas, position, device);
  const kernels::MatrixView outputs = outputs_.matrix(device, inputs.n_rows, n_outputs_);
  device.add(elements(shortcut), elements(branch), elements(outputs));
  return outputs;
}

void ResidualLayer::forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
                            kernels::MatrixView outputs, ComputeDevice& device) const {
  FloatArena memory;
  const kernels::MatrixView branch = memory.matrix(device, inputs.n_rows, n_outputs_);
  branch_.forward(inputs, parameters, branch, device);
  shortcut_.forward(inputs, parameters, outputs, device);
  device.add(elements(outputs), elements(branch), elements(outputs));
}

kernels::MatrixView ResidualLayer::backward(kernels::MatrixView gradient,
                                            const ParameterArenas& arenas,
                                            const InputGradient& wanted, ComputeDevice& device) {
  const kernels::MatrixView copy = branch_gradient_.matrix(device, gradient.n_rows, n_outputs_);
  device.copy(elements(gradient), elements(copy));
  device.finish_matrix(branch_.output_derivative(), copy);
  device.finish_matrix(shortcut_.output_derivative(), gradient);
  const InputGradient inner{wanted.is_wanted};
  const kernels::MatrixView branch = branch_.backward(copy, arenas, inner, device);
  const kernels::MatrixView shortcut = shortcut_.backward(gradient, arenas, inner, device);
  if (!wanted.is_wanted) return {};
  const kernels::MatrixView sum = input_gradient_.matrix(device, gradient.n_rows, n_inputs_);
  device.add(elements(branch), elements(shortcut), elements(sum));
  device.finish_matrix(wanted.end, sum);
  return sum;
}

}  // namespace reprotrain::engine
