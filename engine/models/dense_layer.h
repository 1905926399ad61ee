// SPDX-License-Identifier: Apache-2.0
// outputs = f(inputs * weight + bias), f an activation function or none.
#pragma once

#include <optional>

#include "engine/device/device_arena.h"
#include "engine/models/layer.h"
#include "kernels/matmul/matmul.h"

namespace reprotrain::engine {

/// Parameters: layer<index>/weight (n_in, n_out) and layer<index>/bias (n_out).
class DenseLayer final : public Layer {
 public:
  DenseLayer(int64_t index, int64_t n_inputs, int64_t n_outputs,
             kernels::MatmulSpecification matmul, std::optional<Activation> activation);

  int64_t n_outputs() const override { return n_outputs_; }
  std::vector<ParameterRequest> parameters() const override;
  void initialise(size_t index, uint64_t seed, uint32_t instance,
                  std::span<float> values) const override;
  kernels::Epilogue output_derivative() const override;
  void place(std::span<const int64_t> offsets) override;

  kernels::ConstMatrixView forward_training(kernels::ConstMatrixView inputs,
                                            const ParameterArenas& arenas, StepPosition position,
                                            ComputeDevice& device) override;
  void forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
               kernels::MatrixView outputs, ComputeDevice& device) const override;
  kernels::MatrixView backward(kernels::MatrixView gradient, const ParameterArenas& arenas,
                               const InputGradient& wanted, ComputeDevice& device) override;

 private:
  void multiply(kernels::ConstMatrixView inputs, std::span<const float> parameters,
                kernels::MatrixView outputs, const kernels::Epilogue& epilogue,
                ComputeDevice& device) const;

  template <typename T>
  kernels::BasicMatrixView<T> weight(std::span<T> arena) const {
    return kernels::dense_view(arena.data() + weight_offset_, n_inputs_, n_outputs_);
  }

  int64_t index_;
  int64_t n_inputs_;
  int64_t n_outputs_;
  kernels::MatmulSpecification matmul_;
  int64_t weight_offset_ = 0;
  int64_t bias_offset_ = 0;
  std::optional<Activation> activation_;
  kernels::ConstMatrixView inputs_;         // of the last training pass, borrowed
  kernels::ConstMatrixView derivative_of_;  // of the last training pass: f's outputs or inputs
  FloatArena outputs_;
  FloatArena activation_inputs_;  // only if the derivative needs them
  FloatArena input_gradient_;
};

}  // namespace reprotrain::engine
