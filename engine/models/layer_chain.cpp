// SPDX-License-Identifier: Apache-2.0
#include "engine/models/layer_chain.h"

#include <algorithm>
#include <iterator>

#include "engine/device/device_arena.h"

namespace reprotrain::engine {

namespace {

/// Rows that an inference pass carries through all layers at once, and elements of the widest result
/// of a layer, 32 MiB, if that is fewer rows.
constexpr int64_t kInferenceRows = 512;
constexpr int64_t kInferenceElements = int64_t{1} << 23;

int64_t rows_at_once(const std::vector<const Layer*>& layers) {
  int64_t widest = 1;
  for (const Layer* layer : layers) widest = std::max(widest, layer->n_outputs());
  return std::clamp<int64_t>(kInferenceElements / widest, 1, kInferenceRows);
}

template <typename T>
kernels::BasicMatrixView<T> rows_from(const kernels::BasicMatrixView<T>& m, int64_t begin,
                                      int64_t most) {
  return {m.row(begin), std::min(most, m.n_rows - begin), m.n_columns, m.row_stride};
}

}  // namespace

std::vector<ParameterRequest> LayerChain::parameters() const {
  std::vector<ParameterRequest> all;
  for (const auto& layer : layers_) {
    std::vector<ParameterRequest> some = layer->parameters();
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

void LayerChain::initialise(size_t index, uint64_t seed, uint32_t instance,
                            std::span<float> values) const {
  for (const auto& layer : layers_) {
    const size_t n_tensors = layer->parameters().size();
    if (index < n_tensors) return layer->initialise(index, seed, instance, values);
    index -= n_tensors;
  }
}

void LayerChain::place(std::span<const int64_t> offsets) {
  first_with_parameters_ = layers_.size();
  for (size_t i = 0; i < layers_.size(); ++i) {
    const size_t n_tensors = layers_[i]->parameters().size();
    if (n_tensors > 0) first_with_parameters_ = std::min(first_with_parameters_, i);
    layers_[i]->place(offsets.first(n_tensors));
    offsets = offsets.subspan(n_tensors);
  }
}

kernels::Epilogue LayerChain::output_derivative() const {
  return layers_.empty() ? kernels::Epilogue{} : layers_.back()->output_derivative();
}

kernels::ConstMatrixView LayerChain::forward_training(kernels::ConstMatrixView inputs,
                                                      const ParameterArenas& arenas,
                                                      StepPosition position,
                                                      ComputeDevice& device) {
  for (const auto& layer : layers_) {
    inputs = layer->forward_training(inputs, arenas, position, device);
  }
  return inputs;
}

void LayerChain::forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
                         kernels::MatrixView outputs, ComputeDevice& device) const {
  std::vector<const Layer*> active;
  for (const auto& layer : layers_) {
    if (!layer->is_for_training_only()) active.push_back(layer.get());
  }
  if (active.empty()) return device.copy(elements(inputs), elements(outputs));
  FloatArena arenas[2];
  const int64_t n_at_once = rows_at_once(active);
  for (int64_t begin = 0; begin < inputs.n_rows; begin += n_at_once) {
    kernels::ConstMatrixView rows = rows_from(inputs, begin, n_at_once);
    for (size_t i = 0; i + 1 < active.size(); ++i) {
      const kernels::MatrixView next =
          arenas[i % 2].matrix(device, rows.n_rows, active[i]->n_outputs());
      active[i]->forward(rows, parameters, next, device);
      rows = next;
    }
    active.back()->forward(rows, parameters, rows_from(outputs, begin, n_at_once), device);
  }
}

kernels::MatrixView LayerChain::backward(kernels::MatrixView gradient,
                                         const ParameterArenas& arenas, const InputGradient& wanted,
                                         ComputeDevice& device) {
  if (layers_.empty()) device.finish_matrix(wanted.end, gradient);
  const size_t last = wanted.is_wanted ? 0 : first_with_parameters_;
  for (size_t i = layers_.size(); i-- > last;) {
    const InputGradient inner =
        i > last ? InputGradient{true, layers_[i - 1]->output_derivative()} : wanted;
    gradient = layers_[i]->backward(gradient, arenas, inner, device);
  }
  return gradient;
}

}  // namespace reprotrain::engine
