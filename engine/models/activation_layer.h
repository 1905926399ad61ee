// SPDX-License-Identifier: Apache-2.0
// An activation function, followed by dropout in training.
#pragma once

#include "engine/device/float_arena.h"
#include "engine/models/layer.h"
#include "kernels/elementwise/activation.h"
#include "kernels/elementwise/dropout.h"

namespace reprotrain::engine {

class ActivationLayer final : public Layer {
 public:
  /// `index` of the hidden layer names the dropout stream.
  ActivationLayer(int64_t index, int64_t n, Activation activation, double dropout_probability);

  int64_t n_outputs() const override { return n_; }
  kernels::ConstMatrixView forward_training(kernels::ConstMatrixView inputs,
                                            const ParameterArenas& arenas, StepPosition position,
                                            const kernels::Parallel& parallel) override;
  void forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
               kernels::MatrixView outputs, const kernels::Parallel& parallel) const override;
  kernels::MatrixView backward(kernels::MatrixView gradient, const ParameterArenas& arenas,
                               bool wants_input_gradient,
                               const kernels::Parallel& parallel) override;

 private:
  bool drops() const { return dropout_.threshold != 0 || dropout_.scale != 1.0f; }

  int64_t index_;
  int64_t n_;
  const kernels::ActivationKernel* activation_;
  kernels::Dropout dropout_;
  kernels::RandomStream stream_{};   // of the last training pass
  kernels::ConstMatrixView inputs_;  // of the last training pass, borrowed
  FloatArena activations_;           // before dropout
  FloatArena outputs_;               // after it; unused without dropout
};

}  // namespace reprotrain::engine
