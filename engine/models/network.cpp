// SPDX-License-Identifier: Apache-2.0
#include "engine/models/network.h"

#include <cassert>
#include <utility>

#include "engine/device/device_arena.h"
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
    layers.add(std::make_unique<DenseLayer>(index, width, hidden, config.product(), fused));
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
  layers.add(std::make_unique<DenseLayer>(index, width, n_outputs, config.product(), std::nullopt));
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
  ComputeDevice& device;
  LayerChain layers;
  std::vector<Parameter> list;
  FloatArena parameters;
  FloatArena gradients;
  FloatArena output_gradient;  // backward changes gradients in place; the caller's stays as it was

  ParameterArenas arenas() {
    return {std::as_const(parameters).span(), gradients.span(), parameters.span()};
  }

  int64_t n_parameters() const { return list.empty() ? 0 : list.back().offset + list.back().size; }
  void place_parameters();
  std::vector<float> initial_values(uint64_t seed) const;
  void allocate();
  void upload(std::span<const float> values);
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
}

void Network::State::allocate() {
  parameters.reserve(device, n_parameters());
  gradients.reserve(device, n_parameters());
}

std::vector<float> Network::State::initial_values(uint64_t seed) const {
  std::vector<float> values(static_cast<size_t>(n_parameters()));
  for (size_t instance = 0; instance < list.size(); ++instance) {
    const Parameter& parameter = list[instance];
    layers.initialise(instance, seed, static_cast<uint32_t>(instance),
                      std::span(values).subspan(static_cast<size_t>(parameter.offset),
                                                static_cast<size_t>(parameter.size)));
  }
  return values;
}

void Network::State::upload(std::span<const float> values) {
  assert(static_cast<int64_t>(values.size()) == parameters.size());
  device.upload(values.data(), parameters.data(), static_cast<int64_t>(values.size_bytes()));
}

Network::Network(const ModelConfig& config, int64_t n_features, int64_t n_outputs,
                 ComputeDevice& device)
    : state_(new State{device, {}, {}, {}, {}, {}}) {
  assert(n_outputs >= 1);
  state_->layers = build_layers(config, n_features, n_outputs);
  state_->place_parameters();
}

Network::Network(const ModelConfig& config, int64_t n_features, int64_t n_outputs, uint64_t seed,
                 ComputeDevice& device)
    : Network(config, n_features, n_outputs, device) {
  state_->allocate();
  state_->upload(state_->initial_values(seed));
}

Network::Network(const ModelConfig& config, int64_t n_features, int64_t n_outputs,
                 const ParameterValues& values, ComputeDevice& device)
    : Network(config, n_features, n_outputs, device) {
  const std::vector<float> given = values(state_->list);
  state_->allocate();
  state_->upload(given);
}

Network::~Network() = default;
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;

ComputeDevice& Network::device() const { return state_->device; }
const std::vector<Parameter>& Network::parameter_list() const { return state_->list; }
std::span<float> Network::parameters() { return state_->parameters.span(); }
std::span<const float> Network::parameters() const {
  return std::as_const(state_->parameters).span();
}
std::span<float> Network::gradients() { return state_->gradients.span(); }
std::span<const float> Network::gradients() const {
  return std::as_const(state_->gradients).span();
}

std::vector<float> Network::host_parameters() const {
  const auto values = parameters();
  std::vector<float> copy(values.size());
  device().download(values.data(), copy.data(), static_cast<int64_t>(values.size_bytes()));
  return copy;
}

void Network::set_parameters(std::span<const float> values) { state_->upload(values); }

kernels::ConstMatrixView Network::forward_training(kernels::ConstMatrixView inputs,
                                                   StepPosition position) {
  return state_->layers.forward_training(inputs, state_->arenas(), position, device());
}

void Network::backward(kernels::ConstMatrixView output_gradient) {
  const kernels::MatrixView gradient =
      state_->output_gradient.matrix(device(), output_gradient.n_rows, output_gradient.n_columns);
  device().copy(elements(output_gradient), elements(gradient));
  state_->layers.backward(gradient, state_->arenas(), InputGradient{false}, device());
}

void Network::forward(kernels::ConstMatrixView inputs, kernels::MatrixView outputs) const {
  state_->layers.forward(inputs, parameters(), outputs, device());
}

}  // namespace reprotrain::engine
