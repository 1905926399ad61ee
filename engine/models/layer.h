// SPDX-License-Identifier: Apache-2.0
// One stage of a network: forward, backward, and the memory between the two.
#pragma once

#include <cassert>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/device/compute_device.h"
#include "engine/models/network.h"
#include "kernels/base/matrix_view.h"

#include "kernels/matmul/epilogue.h"

namespace reprotrain::engine {

/// A tensor that a layer wants in the network's arenas.
struct ParameterRequest {
  std::string name;
  std::vector<int64_t> shape;
  bool decays = false;
  bool trained = true;
};

/// The arenas of the network, as a layer sees them during one pass: memory of the device.
struct ParameterArenas {
  std::span<const float> values;
  std::span<float> gradients;
  std::span<float> untrained = {};  ///< `values`, to be written where a tensor is not trained
};

/// All elements of a dense matrix.
template <typename T>
std::span<T> elements(const kernels::BasicMatrixView<T>& matrix) {
  assert(matrix.row_stride == matrix.n_columns || matrix.n_rows <= 1);
  return {matrix.data, static_cast<size_t>(matrix.n_rows * matrix.n_columns)};
}

/// What a backward pass is asked to return.
struct InputGradient {
  bool is_wanted = true;
  /// What is done to each element at last: the output_derivative() of the layer that made the inputs.
  kernels::Epilogue end = {};
};

/// Everything a layer is given, owns and returns is memory of one device. Layers own their activations,
/// never their parameters. Views they return stay valid until the
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

  /// Whether outputs equal inputs in inference, so that the layer can be left out there.
  virtual bool is_for_training_only() const { return false; }

  /// The derivative of an elementwise function at the end of the last forward_training, by which
  /// whoever computes the gradient of its outputs multiplies that gradient: on the way, where it is
  /// a matrix product. None by default.
  virtual kernels::Epilogue output_derivative() const { return {}; }

  /// Training pass. `inputs` must stay valid until backward.
  virtual kernels::ConstMatrixView forward_training(kernels::ConstMatrixView inputs,
                                                    const ParameterArenas& arenas,
                                                    StepPosition position,
                                                    ComputeDevice& device) = 0;

  /// Inference pass: writes `outputs` (n_rows, n_outputs).
  virtual void forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
                       kernels::MatrixView outputs, ComputeDevice& device) const = 0;

  /// Writes parameter gradients and returns the gradient with respect to the inputs of the last
  /// forward_training, ended as `wanted` says. `gradient` is the gradient with respect to its
  /// outputs, multiplied by output_derivative(), and may be changed in place. If the result is not
  /// wanted it may be anything.
  virtual kernels::MatrixView backward(kernels::MatrixView gradient, const ParameterArenas& arenas,
                                       const InputGradient& wanted, ComputeDevice& device) = 0;
};

}  // namespace reprotrain::engine
