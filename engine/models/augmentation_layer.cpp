// SPDX-License-Identifier: Apache-2.0
#include "engine/models/augmentation_layer.h"

#include "kernels/random/streams.h"

namespace reprotrain::engine {

using kernels::MovePass;

kernels::ConstMatrixView AugmentationLayer::forward_training(kernels::ConstMatrixView inputs,
                                                             const ParameterArenas& /*arenas*/,
                                                             StepPosition position,
                                                             ComputeDevice& device) {
  stream_ = {
      position.seed,
      kernels::stream_of(kernels::StreamPurpose::kAugmentation, static_cast<uint32_t>(index_)),
      static_cast<uint32_t>(position.step)};
  const kernels::MatrixView outputs = outputs_.matrix(device, inputs.n_rows, n_outputs());
  device.move_images(moves_, stream_, MovePass::kForward, inputs, outputs);
  return outputs;
}

void AugmentationLayer::forward(kernels::ConstMatrixView inputs,
                                std::span<const float> /*parameters*/, kernels::MatrixView outputs,
                                ComputeDevice& device) const {
  device.copy(elements(inputs), elements(outputs));
}

kernels::MatrixView AugmentationLayer::backward(kernels::MatrixView gradient,
                                                const ParameterArenas& /*arenas*/,
                                                const InputGradient& wanted,
                                                ComputeDevice& device) {
  if (!wanted.is_wanted) return {};
  const kernels::MatrixView result = input_gradient_.matrix(device, gradient.n_rows, n_outputs());
  device.move_images(moves_, stream_, MovePass::kBackward, gradient, result);
  device.finish_matrix(wanted.end, result);
  return result;
}

}  // namespace reprotrain::engine
