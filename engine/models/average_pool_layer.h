// SPDX-License-Identifier: Apache-2.0
// Mean of every window of an image.
#pragma once

#include "engine/device/device_arena.h"
#include "engine/models/layer.h"
#include "kernels/conv/pooling.h"

namespace reprotrain::engine {

class AveragePoolLayer final : public Layer {
 public:
  explicit AveragePoolLayer(const kernels::Pooling& pooling) : pooling_(pooling) {
    kernels::require_pooling(pooling_);
  }

  int64_t n_outputs() const override { return pooling_.n_outputs(); }
  kernels::ConstMatrixView forward_training(kernels::ConstMatrixView inputs,
                                            const ParameterArenas& arenas, StepPosition position,
                                            ComputeDevice& device) override;
  void forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
               kernels::MatrixView outputs, ComputeDevice& device) const override;
  kernels::MatrixView backward(kernels::MatrixView gradient, const ParameterArenas& arenas,
                               const InputGradient& wanted, ComputeDevice& device) override;

 private:
  kernels::Pooling pooling_;
  FloatArena outputs_;
  FloatArena input_gradient_;
};

}  // namespace reprotrain::engine
