// SPDX-License-Identifier: Apache-2.0
// Convolution of images, without an activation.
#pragma once

#include "engine/device/device_arena.h"
#include "engine/models/layer.h"
#include "kernels/conv/convolution.h"

namespace reprotrain::engine {

/// Parameters: conv<index>/weight (KH, KW, channels in of a group, channels out) and, where there is
/// one, conv<index>/bias (channels out).
class ConvolutionLayer final : public Layer {
 public:
  ConvolutionLayer(int64_t index, const kernels::Convolution& convolution,
                   kernels::MatmulSpecification matmul, bool has_bias);

  int64_t n_outputs() const override { return convolution_.n_outputs(); }
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
  kernels::BasicMatrixView<T> weight(std::span<T> arena) const {
    return kernels::dense_view(arena.data() + weight_offset_, convolution_.n_weight_rows(),
                               convolution_.n_channels_out);
  }
  template <typename T>
  std::span<T> bias(std::span<T> arena) const {
    if (!has_bias_) return {};
    return arena.subspan(static_cast<size_t>(bias_offset_),
                         static_cast<size_t>(convolution_.n_channels_out));
  }

  int64_t index_;
  kernels::Convolution convolution_;
  kernels::MatmulSpecification matmul_;
  bool has_bias_;
  int64_t weight_offset_ = 0;
  int64_t bias_offset_ = 0;
  kernels::ConstMatrixView inputs_;  // of the last training pass, borrowed
  FloatArena outputs_;
  FloatArena input_gradient_;
};

}  // namespace reprotrain::engine
