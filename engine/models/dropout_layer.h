// SPDX-License-Identifier: Apache-2.0
// Dropout of hidden units: in training only.
#pragma once

#include "engine/device/device_arena.h"
#include "engine/models/layer.h"
#include "kernels/elementwise/dropout.h"

namespace reprotrain::engine {

class DropoutLayer final : public Layer {
 public:
  /// `index` of the hidden layer names the stream; `probability` of dropping, in (0, 1).
  DropoutLayer(int64_t index, int64_t n, double probability);

  int64_t n_outputs() const override { return n_; }
  bool is_for_training_only() const override { return true; }
  kernels::ConstMatrixView forward_training(kernels::ConstMatrixView inputs,
                                            const ParameterArenas& arenas, StepPosition position,
                                            ComputeDevice& device) override;
  void forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
               kernels::MatrixView outputs, ComputeDevice& device) const override;
  kernels::MatrixView backward(kernels::MatrixView gradient, const ParameterArenas& arenas,
                               const InputGradient& wanted, ComputeDevice& device) override;

 private:
  int64_t index_;
  int64_t n_;
  kernels::Dropout dropout_;
  kernels::RandomStream stream_{};  // of the last training pass
  FloatArena outputs_;
};

}  // namespace reprotrain::engine
