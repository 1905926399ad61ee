// SPDX-License-Identifier: Apache-2.0
#include "engine/models/dropout_layer.h"

#include "kernels/random/streams.h"

namespace reprotrain::engine {

DropoutLayer::DropoutLayer(int64_t index, int64_t n, double probability)
    : index_(index), n_(n), dropout_(kernels::Dropout::with_probability(probability)) {}

kernels::ConstMatrixView DropoutLayer::forward_training(kernels::ConstMatrixView inputs,
                                                        const ParameterArenas& /*arenas*/,
                                                        StepPosition position,
                                                        ComputeDevice& device) {
  stream_ = {position.seed,
             kernels::stream_of(kernels::StreamPurpose::kDropout, static_cast<uint32_t>(index_)),
             static_cast<uint32_t>(position.step)};
  const kernels::MatrixView outputs = outputs_.matrix(device, inputs.n_rows, n_);
  device.copy(elements(inputs), elements(outputs));
  device.apply_dropout(dropout_, stream_, elements(outputs));
  return outputs;
}

void DropoutLayer::forward(kernels::ConstMatrixView inputs, std::span<const float> /*parameters*/,
                           kernels::MatrixView outputs, ComputeDevice& device) const {
  device.copy(elements(inputs), elements(outputs));
}

kernels::MatrixView DropoutLayer::backward(kernels::MatrixView gradient,
                                           const ParameterArenas& /*arenas*/,
                                           const InputGradient& wanted, ComputeDevice& device) {
  device.apply_dropout(dropout_, stream_, elements(gradient));
  device.finish_matrix(wanted.end, gradient);
  return gradient;
}

}  // namespace reprotrain::engine
