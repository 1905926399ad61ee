// SPDX-License-Identifier: Apache-2.0
// Batch norm of every channel, with learned scale and shift and running statistics.
#pragma once

#include <array>

#include "engine/device/device_arena.h"
#include "engine/models/layer.h"

namespace reprotrain::engine {

/// Parameters, (channels) each: batch_norm<index>/scale and shift, and, not trained, running_mean and
/// running_variance. Initially 1, 0, 0, 1.
class BatchNormLayer final : public Layer {
 public:
  /// `n_pixels` of `n_channels` each in a row; a vector has one pixel.
  BatchNormLayer(int64_t index, int64_t n_pixels, int64_t n_channels, double momentum)
      : index_(index), n_pixels_(n_pixels), n_channels_(n_channels), momentum_(momentum) {}

  int64_t n_outputs() const override { return n_pixels_ * n_channels_; }
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
  enum Tensor : size_t { kScale, kShift, kRunningMean, kRunningVariance, kCount };

  template <typename T>
  std::span<T> tensor(std::span<T> arena, Tensor which) const {
    return arena.subspan(static_cast<size_t>(offsets_[which]), static_cast<size_t>(n_channels_));
  }
  /// A row for each pixel.
  template <typename T>
  kernels::BasicMatrixView<T> pixels(const kernels::BasicMatrixView<T>& images) const {
    return kernels::dense_view(images.data, images.n_rows * n_pixels_, n_channels_);
  }

  int64_t index_;
  int64_t n_pixels_;
  int64_t n_channels_;
  double momentum_;
  std::array<int64_t, kCount> offsets_{};
  kernels::ConstMatrixView inputs_;  // of the last training pass, borrowed
  FloatArena mean_;
  FloatArena inverse_;
  FloatArena outputs_;
};

}  // namespace reprotrain::engine
