// SPDX-License-Identifier: Apache-2.0
#include "engine/models/network.h"

#include <cassert>
#include <utility>

#include "engine/device/float_arena.h"
#include "engine/models/activation_layer.h"
#include "engine/models/dense_layer.h"
#include "engine/models/dropout_layer.h"
#include "engine/models/layer_builder.h"
#include "engine/models/layer_chain.h"
#include "engine/models/norm_layer.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

/// dense with activation, or dense, norm and activation, then dropout, for every hidden width; at
/// last dense to the outputs.
LayerChain build_layers(const ModelConfig& config, int64_t n_features, int64_t n_outputs) {
  if (config.type == "network") return build_configured_layers(config, n_features, n_outputs);
  LayerChain layers;
  int64_t index = 0;
  int64_t width = n_features;
  for (int64_t hidden : config.hidden) {
    const auto fused = config.layer_norm ? std::nullopt : std::optional(config.activation);
    layers.add(std::make_unique<DenseLayer>(index, width, hidden, config.matmul, fused));
    if (config.layer_norm) {
      layers.add(std::make_unique<NormLayer>(index, hidden));
      layers.add(std::make_unique<ActivationLayer>(hidden, config.activation));
    }
    if (config.dropout != 0.0) {
      layers.add(std::make_unique<DropoutLayer>(index, hidden, config.dropout));
    }
    width = hidden;
    ++index;
  }
  layers.add(std::make_unique<DenseLayer>(index, width, n_outputs, config.matmul, std::nullopt));
  return layers;
}

/// Of so many numbers a norm is defined (docs/arithmetic.md, "Exact sums").
constexpr int64_t kMostParameters = int64_t{1} << 40;

/// Elements of a tensor; refuses a shape that no layer has, and more than `room` elements.
int64_t element_count(const ParameterRequest& request, int64_t room) {
  int64_t count = 1;
  for (int64_t extent : request.shape) {
    if (extent < 1 || extent > room / count) {
      throw Error(ErrorKind::kConfig,
                  "/model: the sizes of the layer of " + request.name +
                      " are below 1, or make more than 2^40 parameters; choose other ones");
    }
    count *= extent;
  }
  return count;
}

}  // namespace

struct Network::State {
  LayerChain layers;
  std::vector<Parameter> list;
  FloatArena parameters;
  FloatArena gradients;
  FloatArena output_gradient;  // backward changes gradients in place; the caller's stays as it was

  ParameterArenas arenas() {
    return {std::as_const(parameters).span(), gradients.span(), parameters.span()};
  }

  void place_parameters();
  void initialise(uint64_t seed);
};

/// Lays out all tensors one after another and tells the layers.
void Network::State::place_parameters() {
  int64_t offset = 0;
  std::vector<int64_t> offsets;
  for (ParameterRequest& request : layers.parameters()) {
    const int64_t size = element_count(request, kMostParameters - offset);
    list.push_back({std::move(request.name), std::move(request.shape), offset, size, request.decays,
                    request.trained});
    offsets.push_back(offset);
    offset += size;
  }
  layers.place(offsets);
  parameters.reserve(offset);
  gradients.reserve(offset);
}

void Network::State::initialise(uint64_t seed) {
  for (size_t instance = 0; instance < list.size(); ++instance) {
    const Parameter& parameter = list[instance];
    layers.initialise(instance, seed, static_cast<uint32_t>(instance),
                      parameters.span().subspan(static_cast<size_t>(parameter.offset),
                                                static_cast<size_t>(parameter.size)));
  }
}

Network::Network(const ModelConfig& config, int64_t n_features, int64_t n_outputs, uint64_t seed)
    : state_(std::make_unique<State>()) {
  assert(n_outputs >= 1);
  state_->layers = build_layers(config, n_features, n_outputs);
  state_->place_parameters();
  state_->initialise(seed);
}

Network::~Network() = default;
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;

const std::vector<Parameter>& Network::parameter_list() const { return state_->list; }
std::span<float> Network::parameters() { return state_->parameters.span(); }
std::span<const float> Network::parameters() const {
  return std::as_const(state_->parameters).span();
}
std::span<float> Network::gradients() { return state_->gradients.span(); }
std::span<const float> Network::gradients() const {
  return std::as_const(state_->gradients).span();
}

kernels::ConstMatrixView Network::forward_training(kernels::ConstMatrixView inputs,
                                                   StepPosition position,
                                                   const kernels::Parallel& parallel) {
  return state_->layers.forward_training(inputs, state_->arenas(), position, parallel);
}

void Network::backward(kernels::ConstMatrixView output_gradient,
                       const kernels::Parallel& parallel) {
  const kernels::MatrixView gradient =
      state_->output_gradient.matrix(output_gradient.n_rows, output_gradient.n_columns);
  copy_rows(output_gradient, gradient);
  state_->layers.backward(gradient, state_->arenas(), InputGradient{false}, parallel);
}

void Network::forward(kernels::ConstMatrixView inputs, kernels::MatrixView outputs,
                      const kernels::Parallel& parallel) const {
  state_->layers.forward(inputs, parameters(), outputs, parallel);
}

}  // namespace reprotrain::engine
