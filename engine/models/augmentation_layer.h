// SPDX-License-Identifier: Apache-2.0
// Images that are flipped or shifted at random, in training only.
#pragma once

#include "engine/device/device_arena.h"
#include "engine/models/layer.h"
#include "kernels/conv/image_moves.h"

namespace reprotrain::engine {

class AugmentationLayer final : public Layer {
 public:
  /// `index` among the network's layers of this kind names the stream.
  AugmentationLayer(int64_t index, const kernels::ImageMoves& moves)
      : index_(index), moves_(moves) {}

  int64_t n_outputs() const override { return moves_.n_numbers(); }
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
  kernels::ImageMoves moves_;
  kernels::RandomStream stream_{};  // of the last training pass
  FloatArena outputs_;
  FloatArena input_gradient_;
};

}  // namespace reprotrain::engine
