// SPDX-License-Identifier: Apache-2.0
// An activation function that does not follow a matrix product at once; a dense layer has its own.
#pragma once

#include "engine/device/device_arena.h"
#include "engine/models/layer.h"

namespace reprotrain::engine {

class ActivationLayer final : public Layer {
 public:
  ActivationLayer(int64_t n, Activation activation) : n_(n), activation_(activation) {}

  int64_t n_outputs() const override { return n_; }
  kernels::Epilogue output_derivative() const override;
  kernels::ConstMatrixView forward_training(kernels::ConstMatrixView inputs,
                                            const ParameterArenas& arenas, StepPosition position,
                                            ComputeDevice& device) override;
  void forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
               kernels::MatrixView outputs, ComputeDevice& device) const override;
  kernels::MatrixView backward(kernels::MatrixView gradient, const ParameterArenas& arenas,
                               const InputGradient& wanted, ComputeDevice& device) override;

 private:
  int64_t n_;
  Activation activation_;
  kernels::ConstMatrixView inputs_;   // of the last training pass, borrowed
  kernels::ConstMatrixView outputs_;  // of the last training pass
  FloatArena memory_;
};

}  // namespace reprotrain::engine
