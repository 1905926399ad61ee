// SPDX-License-Identifier: Apache-2.0
// Layer norm of every row, with learned scale and shift.
#pragma once

#include "engine/device/device_arena.h"
#include "engine/models/layer.h"

namespace reprotrain::engine {

/// Parameters: norm<index>/scale (n), initially one, and norm<index>/shift (n), initially zero.
class NormLayer final : public Layer {
 public:
  NormLayer(int64_t index, int64_t n) : index_(index), n_(n) {}

  int64_t n_outputs() const override { return n_; }
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
  template <typename T>
  std::span<T> tensor(std::span<T> arena, int64_t offset) const {
    return arena.subspan(static_cast<size_t>(offset), static_cast<size_t>(n_));
  }

  int64_t index_;
  int64_t n_;
  int64_t scale_offset_ = 0;
  int64_t shift_offset_ = 0;
  FloatArena normal_;
  FloatArena inverse_;
  FloatArena outputs_;
  FloatArena scale_terms_;
};

}  // namespace reprotrain::engine
