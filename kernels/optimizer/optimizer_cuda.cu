// SPDX-License-Identifier: Apache-2.0
#include "kernels/optimizer/optimizer_cuda.h"

#include "kernels/base/find_by_name.h"
#include "kernels/base/quad_map_cuda.h"
#include "kernels/optimizer/clipping.h"
#include "kernels/optimizer/step_constants.h"

namespace reprotrain::kernels {
namespace {

/// Constants of a step as an argument, or where they lie on the device.
template <typename T>
struct OfStep {
  T value;
  const T* on_device;

  __device__ T get() const { return on_device != nullptr ? *on_device : value; }
};

/// Reads parameters and gradients, writes parameters.
template <bool kDecays>
struct PlainSgdQuad {
  using Value = float;
  static constexpr int kReads = 2;
  static constexpr int kWrites = 1;
  OfStep<Sgd> constants;

  __device__ void operator()(int64_t /*quad*/, const float (*in)[4], float (*out)[4]) const {
    const Sgd sgd = constants.get();
    for (int i = 0; i < 4; ++i) out[0][i] = sgd.plain<kDecays>(in[0][i], in[1][i]);
  }
};

/// Reads parameters, gradients and velocity, writes parameters and velocity.
template <bool kDecays, bool kNesterov>
struct MomentumQuad {
  using Value = float;
  static constexpr int kReads = 3;
  static constexpr int kWrites = 2;
  OfStep<Sgd> constants;

  __device__ void operator()(int64_t /*quad*/, const float (*in)[4], float (*out)[4]) const {
    const Sgd sgd = constants.get();
    for (int i = 0; i < 4; ++i) {
      float velocity = in[2][i];
      out[0][i] = sgd.with_momentum<kDecays, kNesterov>(in[0][i], in[1][i], velocity);
      out[1][i] = velocity;
    }
  }
};

/// Reads parameters, gradients and both moments, writes parameters and moments.
template <AdamDecay kDecay>
struct AdamQuad {
  using Value = float;
  static constexpr int kReads = 4;
  static constexpr int kWrites = 3;
  OfStep<Adam> constants;

  __device__ void operator()(int64_t /*quad*/, const float (*in)[4], float (*out)[4]) const {
    const Adam adam = constants.get();
    for (int i = 0; i < 4; ++i) {
      float m = in[2][i];
      float v = in[3][i];
      out[0][i] = adam.step<kDecay>(in[0][i], in[1][i], m, v);
      out[1][i] = m;
      out[2][i] = v;
    }
  }
};

struct ClipQuad {
  using Value = float;
  static constexpr int kReads = 1;
  static constexpr int kWrites = 1;
  const double* norm;
  double largest_norm;

  __device__ void operator()(int64_t /*quad*/, const float (*in)[4], float (*out)[4]) const {
    const bool clips = is_clipped(*norm, largest_norm);
    const float factor = clips ? clipping_factor(*norm, largest_norm) : 1.0f;
    for (int i = 0; i < 4; ++i) out[0][i] = clips ? in[0][i] * factor : in[0][i];
  }
};

template <bool kDecays>
void sgd_tensor(const OptimizerSettings& settings, const OptimizerTensorCuda& tensor,
                cudaStream_t stream) {
  const OfStep<Sgd> sgd{sgd_constants(settings),
                        tensor.constants != nullptr ? &tensor.constants->sgd : nullptr};
  float* p = tensor.parameters;
  float* velocity = tensor.state[0];
  if (settings.momentum == 0.0) {
    map_quads(PlainSgdQuad<kDecays>{sgd}, {{p, tensor.gradients}, {p}}, tensor.n, stream);
  } else if (settings.nesterov) {
    map_quads(MomentumQuad<kDecays, true>{sgd}, {{p, tensor.gradients, velocity}, {p, velocity}},
              tensor.n, stream);
  } else {
    map_quads(MomentumQuad<kDecays, false>{sgd}, {{p, tensor.gradients, velocity}, {p, velocity}},
              tensor.n, stream);
  }
}

void sgd_step(const OptimizerSettings& settings, const OptimizerTensorCuda& tensor, uint64_t,
              cudaStream_t stream) {
  if (tensor.decays && settings.weight_decay != 0.0) {
    sgd_tensor<true>(settings, tensor, stream);
  } else {
    sgd_tensor<false>(settings, tensor, stream);
  }
}

template <AdamDecay kDecay>
void adam_tensor(const OfStep<Adam>& adam, const OptimizerTensorCuda& tensor, cudaStream_t stream) {
  float* p = tensor.parameters;
  const auto [m, v] = tensor.state;
  map_quads(AdamQuad<kDecay>{adam}, {{p, tensor.gradients, m, v}, {p, m, v}}, tensor.n, stream);
}

template <AdamDecay kDecay>
void adam_step(const OptimizerSettings& settings, const OptimizerTensorCuda& tensor,
               uint64_t step_index, cudaStream_t stream) {
  const OfStep<Adam> adam{adam_constants(settings, step_index),
                          tensor.constants != nullptr ? &tensor.constants->adam : nullptr};
  if (tensor.decays && settings.weight_decay != 0.0) {
    adam_tensor<kDecay>(adam, tensor, stream);
  } else {
    adam_tensor<AdamDecay::kNone>(adam, tensor, stream);
  }
}

constexpr std::array kOptimizers = {
    OptimizerKernelCuda{"sgd", sgd_step},
    OptimizerKernelCuda{"adam", adam_step<AdamDecay::kInGradient>},
    OptimizerKernelCuda{"adamw", adam_step<AdamDecay::kDecoupled>},
};

}  // namespace

std::span<const OptimizerKernelCuda> optimizer_list_cuda() { return kOptimizers; }

const OptimizerKernelCuda* find_optimizer_cuda(std::string_view name) {
  return find_by_name(optimizer_list_cuda(), name);
}

void clip_by_norm_cuda(const double* norm, double largest_norm, float* gradients, int64_t n,
                       cudaStream_t stream) {
  map_quads(ClipQuad{norm, largest_norm}, {{gradients}, {gradients}}, n, stream);
}

}  // namespace reprotrain::kernels
