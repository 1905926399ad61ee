// SPDX-License-Identifier: Apache-2.0
#include "engine/models/activation_layer.h"

#include <algorithm>
#include <cassert>

#include "kernels/random/streams.h"

namespace reprotrain::engine {

namespace {

/// All elements of a dense matrix.
template <typename T>
std::span<T> elements(const kernels::BasicMatrixView<T>& matrix) {
  assert(matrix.row_stride == matrix.n_columns || matrix.n_rows <= 1);
  return {matrix.data, static_cast<size_t>(matrix.n_rows * matrix.n_columns)};
}

}  // namespace

ActivationLayer::ActivationLayer(int64_t index, int64_t n, Activation activation,
                                 double dropout_probability)
    : index_(index),
      n_(n),
      activation_(kernels::find_activation(name_of(activation))),
      dropout_(kernels::Dropout::with_probability(dropout_probability)) {}

kernels::ConstMatrixView ActivationLayer::forward_training(kernels::ConstMatrixView inputs,
                                                           const ParameterArenas& /*arenas*/,
                                                           StepPosition position,
                                                           const kernels::Parallel& parallel) {
  inputs_ = inputs;
  const kernels::MatrixView activations = activations_.matrix(inputs.n_rows, n_);
  activation_->forward(elements(inputs), elements(activations), parallel);
  if (!drops()) return activations;
  stream_ = {position.seed,
             kernels::stream_of(kernels::StreamPurpose::kDropout, static_cast<uint32_t>(index_)),
             static_cast<uint32_t>(position.step)};
  const kernels::MatrixView outputs = outputs_.matrix(inputs.n_rows, n_);
  std::copy_n(activations.data, inputs.n_rows * n_, outputs.data);
  kernels::apply_dropout(dropout_, stream_, elements(outputs), parallel);
  return outputs;
}

void ActivationLayer::forward(kernels::ConstMatrixView inputs,
                              std::span<const float> /*parameters*/, kernels::MatrixView outputs,
                              const kernels::Parallel& parallel) const {
  activation_->forward(elements(inputs), elements(outputs), parallel);
}

kernels::MatrixView ActivationLayer::backward(kernels::MatrixView gradient,
                                              const ParameterArenas& /*arenas*/,
                                              bool /*wants_input_gradient*/,
                                              const kernels::Parallel& parallel) {
  if (drops()) kernels::apply_dropout(dropout_, stream_, elements(gradient), parallel);
  const auto activations =
      kernels::dense_view<const float>(activations_.data(), gradient.n_rows, n_);
  activation_->backward(elements(inputs_), elements(activations), elements(gradient), parallel);
  return gradient;
}

}  // namespace reprotrain::engine
