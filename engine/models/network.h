// SPDX-License-Identifier: Apache-2.0
// A feed-forward network: parameters, forward pass, gradients.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/device/compute_device.h"
#include "engine/models/model_config.h"
#include "kernels/base/matrix_view.h"

namespace reprotrain::engine {

/// One named tensor inside the arenas of a Network.
struct Parameter {
  std::string name;            ///< "layer0/weight", "layer0/bias", "norm0/scale", "norm0/shift"
  std::vector<int64_t> shape;  ///< weight: (n_in, n_out)
  int64_t offset = 0;          ///< first element in parameters() and gradients()
  int64_t size = 0;
  bool decays = false;  ///< weight decay applies (weights, not biases or norms)
  bool trained = true;  ///< false: forward_training keeps it (running statistics), no optimizer
};

/// Where in training a forward pass happens; dropout masks are a function of it.
struct StepPosition {
  uint64_t seed = 0;
  uint64_t step = 0;  ///< counted from 0 over the whole run
};

/// Values of all parameters, one arena, for tensors of these names and shapes. Asked before a network takes
/// memory for them.
using ParameterValues = std::function<std::vector<float>(const std::vector<Parameter>&)>;

/// Every value is a function of (config, seed, parameters, inputs) only. Everything it is given and
/// returns is memory of its device, unless said otherwise. Work space grows to the largest batch seen
/// and is then reused: no allocation per step.
class Network {
 public:
  /// Initialises parameters from the seed (docs/arithmetic.md, "Initialisation"). `device` must outlive
  /// it. Throws Error(kConfig) for configured layers that do not fit one another.
  Network(const ModelConfig& config, int64_t n_features, int64_t n_outputs, uint64_t seed,
          ComputeDevice& device);
  /// With `values` instead. What they throw passes through.
  Network(const ModelConfig& config, int64_t n_features, int64_t n_outputs,
          const ParameterValues& values, ComputeDevice& device);
  ~Network();
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;

  ComputeDevice& device() const;
  const std::vector<Parameter>& parameter_list() const;
  std::span<float> parameters();  ///< all of them, one arena
  std::span<const float> parameters() const;
  std::span<const float> gradients() const;  ///< of the last backward pass, same layout
  std::span<float> gradients();

  /// A copy of all parameters in memory of the host, and back.
  std::vector<float> host_parameters() const;
  void set_parameters(std::span<const float> values);

  /// Training pass: keeps what backward needs and applies dropout.
  /// `inputs` (batch, n_features); the result (batch, n_outputs) holds raw outputs (logits), and is
  /// valid until the next call.
  kernels::ConstMatrixView forward_training(kernels::ConstMatrixView inputs, StepPosition position);

  /// Inference pass, without dropout: writes raw outputs. Rows are independent: any batch cut gives
  /// the same bits.
  void forward(kernels::ConstMatrixView inputs, kernels::MatrixView outputs) const;

  /// Gradients of the loss for every parameter, from its derivative with respect to the outputs of
  /// the last forward_training (batch, n_outputs).
  void backward(kernels::ConstMatrixView output_gradient);

 private:
  struct State;
  Network(const ModelConfig& config, int64_t n_features, int64_t n_outputs, ComputeDevice& device);
  std::unique_ptr<State> state_;
};

}  // namespace reprotrain::engine
