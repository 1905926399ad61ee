// SPDX-License-Identifier: Apache-2.0
// Two paths from the same inputs, added: outputs = shortcut(inputs) + branch(inputs).
#pragma once

#include <utility>

#include "engine/device/device_arena.h"
#include "engine/models/layer.h"
#include "engine/models/layer_chain.h"

namespace reprotrain::engine {

/// Parameters: those of the branch, then those of the shortcut.
class ResidualLayer final : public Layer {
 public:
  ResidualLayer(LayerChain branch, LayerChain shortcut, int64_t n_inputs, int64_t n_outputs)
      : branch_(std::move(branch)),
        shortcut_(std::move(shortcut)),
        n_inputs_(n_inputs),
        n_outputs_(n_outputs) {}

  int64_t n_outputs() const override { return n_outputs_; }
  std::vector<ParameterRequest> parameters() const override;
  void initialise(size_t index, uint64_t seed, uint32_t instance,
                  std::span<float> values) const override;
  void place(std::span<const int64_t> offsets) override;

  kernels::ConstMatrixView forward_training(kernels::ConstMatrixView inputs,
                                            const ParameterArenas& arenas, StepPosition position,
                                            ComputeDevice& device) override;
  void forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
               kernels::MatrixView outputs, ComputeDevice& device) const override;
  kernels::MatrixView backward(kernels::MatrixView gradient, const ParameterArenas& arenas,
                               const InputGradient& wanted, ComputeDevice& device) override;

 private:
  LayerChain branch_;
  LayerChain shortcut_;
  int64_t n_inputs_;
  int64_t n_outputs_;
  FloatArena outputs_;
  FloatArena branch_gradient_;
  FloatArena input_gradient_;
};

}  // namespace reprotrain::engine
