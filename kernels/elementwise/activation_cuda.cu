// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/activation_cuda.h"

#include <array>

#include "kernels/base/find_by_name.h"
#include "kernels/base/quad_map_cuda.h"
#include "kernels/elementwise/activation.h"
#include "kernels/elementwise/estimate_cuda.h"

namespace reprotrain::kernels {
namespace {

using rounded::EstimateIn;

template <class Function, EstimateIn kEstimate>
struct ForwardQuad {
  using Value = float;
  static constexpr int kReads = 1;
  static constexpr int kWrites = 1;
  __device__ void operator()(int64_t /*quad*/, const float (*in)[4], float (*out)[4]) const {
    for (int i = 0; i < 4; ++i) out[0][i] = Function::template value<kEstimate>(in[0][i]);
  }
};

template <class Function, EstimateIn kEstimate>
void forward(const float* x, float* y, int64_t n, cudaStream_t stream) {
  map_quads(ForwardQuad<Function, kEstimate>{}, {{x}, {y}}, n, stream);
}

template <class Function, EstimateIn kEstimate>
constexpr ActivationKernelCuda entry(std::string_view name) {
  return {name, forward<Function, kEstimate>};
}

template <EstimateIn kEstimate>
constexpr std::array kActivations = {entry<Relu, kEstimate>("relu"), entry<Tanh, kEstimate>("tanh"),
                                     entry<Sigmoid, kEstimate>("sigmoid"),
                                     entry<Gelu, kEstimate>("gelu")};

}  // namespace

std::span<const ActivationKernelCuda> activation_list_cuda(EstimateIn estimate) {
  if (estimate == EstimateIn::kBinary64) return kActivations<EstimateIn::kBinary64>;
  return kActivations<EstimateIn::kBinary32Pair>;
}

std::span<const ActivationKernelCuda> activation_list_cuda() {
  return activation_list_cuda(rounded::estimate_of_device());
}

const ActivationKernelCuda* find_activation_cuda(std::string_view name) {
  return find_by_name(activation_list_cuda(), name);
}

}  // namespace reprotrain::kernels
