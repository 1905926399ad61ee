// SPDX-License-Identifier: Apache-2.0
// Layers one after another: a whole network, or a path of a residual layer. Empty: the identity.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/models/layer.h"

namespace reprotrain::engine {

/// Each function is that of Layer, for all layers together. Inference carries some rows at a time
/// through all of them. Where the gradient of the inputs is not wanted, backward ends at the first layer
/// with parameters, whose inputs need none either.
class LayerChain {
 public:
  void add(std::unique_ptr<Layer> layer) { layers_.push_back(std::move(layer)); }

  std::vector<ParameterRequest> parameters() const;
  void initialise(size_t index, uint64_t seed, uint32_t instance, std::span<float> values) const;
  void place(std::span<const int64_t> offsets);

  kernels::Epilogue output_derivative() const;
  kernels::ConstMatrixView forward_training(kernels::ConstMatrixView inputs,
                                            const ParameterArenas& arenas, StepPosition position,
                                            ComputeDevice& device);
  void forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
               kernels::MatrixView outputs, ComputeDevice& device) const;
  kernels::MatrixView backward(kernels::MatrixView gradient, const ParameterArenas& arenas,
                               const InputGradient& wanted, ComputeDevice& device);

 private:
  std::vector<std::unique_ptr<Layer>> layers_;
  size_t first_with_parameters_ = 0;
};

}  // namespace reprotrain::engine
