// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/activation_cuda.h"

#include <array>

#include "kernels/elementwise/activation.h"
#include "kernels/elementwise/quad_map.h"

namespace reprotrain::kernels {
namespace {

template <class Function>
struct ForwardQuad {
  using Value = float;
  static constexpr int kReads = 1;
  static constexpr int kWrites = 1;
  __device__ void operator()(int64_t /*quad*/, const float (*in)[4], float (*out)[4]) const {
    for (int i = 0; i < 4; ++i) out[0][i] = Function::value(in[0][i]);
  }
};

/// Reads x, y and the gradient.
template <class Function>
struct BackwardQuad {
  using Value = float;
  static constexpr int kReads = 3;
  static constexpr int kWrites = 1;
  __device__ void operator()(int64_t /*quad*/, const float (*in)[4], float (*out)[4]) const {
    for (int i = 0; i < 4; ++i) out[0][i] = in[2][i] * Function::derivative(in[0][i], in[1][i]);
  }
};

template <class Function>
void forward(const float* x, float* y, int64_t n, cudaStream_t stream) {
  map_quads(ForwardQuad<Function>{}, {{x}, {y}}, n, stream);
}

template <class Function>
void backward(const float* x, const float* y, float* gradient, int64_t n, cudaStream_t stream) {
  map_quads(BackwardQuad<Function>{}, {{x, y, gradient}, {gradient}}, n, stream);
}

template <class Function>
constexpr ActivationKernelCuda entry(std::string_view name) {
  return {name, forward<Function>, backward<Function>};
}

constexpr std::array kActivations = {entry<Relu>("relu"), entry<Tanh>("tanh"),
                                     entry<Sigmoid>("sigmoid"), entry<Gelu>("gelu")};

}  // namespace

std::span<const ActivationKernelCuda> activation_list_cuda() { return kActivations; }

const ActivationKernelCuda* find_activation_cuda(std::string_view name) {
  for (const ActivationKernelCuda& activation : kActivations) {
    if (activation.name == name) return &activation;
  }
  return nullptr;
}

}  // namespace reprotrain::kernels
