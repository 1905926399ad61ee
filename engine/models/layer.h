// SPDX-License-Identifier: Apache-2.0
// One stage of a network: forward, backward, and the memory between the two.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/models/network.h"
#include "kernels/base/matrix_view.h"
#include "kernels/base/parallel.h"

namespace reprotrain::engine {

/// A tensor that a layer wants in the network's arenas.
struct ParameterRequest {
  std::string name;
  std::vector<int64_t> shape;
  bool decays = false;
};

/// The arenas of the network, as a layer sees them during one pass.
struct ParameterArenas {
  std::span<const float> values;
  std::span<float> gradients;
};

/// Layers own their activations, never their parameters. Views they return stay valid until the
/// next pass. Rows are independent in both directions except in the parameter gradients.
class Layer {
 public:
  virtual ~Layer() = default;

  virtual int64_t n_outputs() const = 0;

  /// Tensors in the order in which the layer's `offsets` will place them.
  virtual std::vector<ParameterRequest> parameters() const { return {}; }
  /// Initial values of tensor `index`; `instance` numbers all parameters of the network.
  virtual void initialise(size_t /*index*/, uint64_t /*seed*/, uint32_t /*instance*/,
                          std::span<float> /*values*/) const {}
  /// Tells where each tensor of parameters() starts in the arenas.
  virtual void place(std::span<const int64_t> /*offsets*/) {}

  /// Training pass. `inputs` must stay valid until backward.
  virtual kernels::ConstMatrixView forward_training(kernels::ConstMatrixView inputs,
                                                    const ParameterArenas& arenas,
                                                    StepPosition position,
                                                    const kernels::Parallel& parallel) = 0;

  /// Inference pass: writes `outputs` (n_rows, n_outputs).
  virtual void forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
                       kernels::MatrixView outputs, const kernels::Parallel& parallel) const = 0;

  /// Writes parameter gradients and returns the gradient with respect to the inputs of the last
  /// forward_training; may change `gradient` in place. Without `wants_input_gradient` the result
  /// may be anything.
  virtual kernels::MatrixView backward(kernels::MatrixView gradient, const ParameterArenas& arenas,
                                       bool wants_input_gradient,
                                       const kernels::Parallel& parallel) = 0;
};

}  // namespace reprotrain::engine
