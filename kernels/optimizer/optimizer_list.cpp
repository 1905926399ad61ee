// SPDX-License-Identifier: Apache-2.0
#include "kernels/optimizer/optimizer_list.h"

#include "kernels/base/find_by_name.h"
#include "kernels/base/float_bits.h"
#include "kernels/base/require.h"
#include "kernels/base/vector_loop.h"
#include "kernels/optimizer/adam.h"
#include "kernels/optimizer/clipping.h"
#include "kernels/optimizer/sgd.h"
#include "kernels/optimizer/step_constants.h"
#include "kernels/reduce/exact_sum.h"

namespace reprotrain::kernels {

namespace {

constexpr std::array<std::string_view, 1> kMomentumState = {"momentum"};
constexpr std::array<std::string_view, 2> kAdamState = {"adam/m", "adam/v"};

template <bool kDecays>
struct PlainSgdElement {
  Sgd sgd;
  float* parameters;
  const float* gradients;
  RPT_HD void operator()(int64_t i) const {
    parameters[i] = sgd.plain<kDecays>(parameters[i], gradients[i]);
  }
};

template <bool kDecays, bool kNesterov>
struct MomentumElement {
  Sgd sgd;
  float* parameters;
  const float* gradients;
  float* velocity;
  RPT_HD void operator()(int64_t i) const {
    float v = velocity[i];
    parameters[i] = sgd.with_momentum<kDecays, kNesterov>(parameters[i], gradients[i], v);
    velocity[i] = v;
  }
};

template <AdamDecay kDecay>
struct AdamElement {
  Adam adam;
  float* parameters;
  const float* gradients;
  float* m;
  float* v;
  RPT_HD void operator()(int64_t i) const {
    float first = m[i];
    float second = v[i];
    parameters[i] = adam.step<kDecay>(parameters[i], gradients[i], first, second);
    m[i] = first;
    v[i] = second;
  }
};

std::span<const std::string_view> sgd_state_names(const OptimizerSettings& settings) {
  if (settings.momentum == 0.0) return {};
  return kMomentumState;
}

std::span<const std::string_view> adam_state_names(const OptimizerSettings&) { return kAdamState; }

/// One gradient for each parameter, and as many numbers in each of the first `n_states` states.
void require_matching(const OptimizerTensor& tensor, size_t n_states) {
  bool matches = tensor.gradients.size() == tensor.parameters.size();
  for (size_t i = 0; i < n_states; ++i) {
    matches = matches && tensor.state[i].size() == tensor.parameters.size();
  }
  require(matches, "optimizer: parameters, gradients and state differ in length");
}

template <bool kDecays>
void sgd_tensor(const OptimizerSettings& settings, const Sgd& sgd, const OptimizerTensor& tensor,
                const Parallel& parallel) {
  const auto n = static_cast<int64_t>(tensor.parameters.size());
  float* parameters = tensor.parameters.data();
  const float* gradients = tensor.gradients.data();
  float* velocity = tensor.state[0].data();
  if (settings.momentum == 0.0) {
    parallel_vector_loop(PlainSgdElement<kDecays>{sgd, parameters, gradients}, n, parallel);
  } else if (settings.nesterov) {
    parallel_vector_loop(MomentumElement<kDecays, true>{sgd, parameters, gradients, velocity}, n,
                         parallel);
  } else {
    parallel_vector_loop(MomentumElement<kDecays, false>{sgd, parameters, gradients, velocity}, n,
                         parallel);
  }
}

void sgd_step(const OptimizerSettings& settings, const OptimizerTensor& tensor, uint64_t,
              const Parallel& parallel) {
  require_matching(tensor, sgd_state_names(settings).size());
  const Sgd sgd = sgd_constants(settings);
  if (tensor.decays && settings.weight_decay != 0.0) {
    sgd_tensor<true>(settings, sgd, tensor, parallel);
  } else {
    sgd_tensor<false>(settings, sgd, tensor, parallel);
  }
}

template <AdamDecay kDecay>
void adam_tensor(const Adam& adam, const OptimizerTensor& tensor, const Parallel& parallel) {
  constexpr int64_t kGrain = 2 * kElementGrain;
  parallel_vector_loop(AdamElement<kDecay>{adam, tensor.parameters.data(), tensor.gradients.data(),
                                           tensor.state[0].data(), tensor.state[1].data()},
                       static_cast<int64_t>(tensor.parameters.size()), parallel, kGrain);
}

template <AdamDecay kDecay>
void adam_step(const OptimizerSettings& settings, const OptimizerTensor& tensor,
               uint64_t step_index, const Parallel& parallel) {
  require_matching(tensor, kAdamState.size());
  const Adam adam = adam_constants(settings, step_index);
  if (tensor.decays && settings.weight_decay != 0.0) {
    adam_tensor<kDecay>(adam, tensor, parallel);
  } else {
    adam_tensor<AdamDecay::kNone>(adam, tensor, parallel);
  }
}

constexpr std::array kOptimizers = {
    OptimizerKernel{"sgd", sgd_state_names, sgd_step},
    OptimizerKernel{"adam", adam_state_names, adam_step<AdamDecay::kInGradient>},
    OptimizerKernel{"adamw", adam_state_names, adam_step<AdamDecay::kDecoupled>},
};

struct ScaleElement {
  float scale;
  float* values;
  RPT_HD void operator()(int64_t i) const { values[i] = values[i] * scale; }
};

}  // namespace

std::span<const OptimizerKernel> optimizer_list() { return kOptimizers; }

const OptimizerKernel* find_optimizer(std::string_view name) {
  return find_by_name(optimizer_list(), name);
}

double clip_by_global_norm(std::span<float> gradients, double largest_norm,
                           const Parallel& parallel) {
  const double norm = exact_norm(gradients, parallel);
  if (is_clipped(norm, largest_norm)) {
    parallel_vector_loop(ScaleElement{clipping_factor(norm, largest_norm), gradients.data()},
                         static_cast<int64_t>(gradients.size()), parallel);
  }
  return norm;
}

}  // namespace reprotrain::kernels
