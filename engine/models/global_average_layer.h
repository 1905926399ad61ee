// SPDX-License-Identifier: Apache-2.0
// Mean of every channel over all pixels of an image.
#pragma once

#include "engine/device/device_arena.h"
#include "engine/models/layer.h"

namespace reprotrain::engine {

class GlobalAverageLayer final : public Layer {
 public:
  GlobalAverageLayer(int64_t n_pixels, int64_t n_channels)
      : n_pixels_(n_pixels), n_channels_(n_channels) {}

  int64_t n_outputs() const override { return n_channels_; }
  kernels::ConstMatrixView forward_training(kernels::ConstMatrixView inputs,
                                            const ParameterArenas& arenas, StepPosition position,
                                            ComputeDevice& device) override;
  void forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
               kernels::MatrixView outputs, ComputeDevice& device) const override;
  kernels::MatrixView backward(kernels::MatrixView gradient, const ParameterArenas& arenas,
                               const InputGradient& wanted, ComputeDevice& device) override;

 private:
  int64_t n_pixels_;
  int64_t n_channels_;
  FloatArena outputs_;
  FloatArena input_gradient_;
};

}  // namespace reprotrain::engine
