// SPDX-License-Identifier: Apache-2.0
// Activations, forward, over arrays in device memory: the formulas of activation.h.
//
// Determinism: elementwise; the bits of the CPU.
// See also: activation.h, estimate_cuda.h, quad_map_cuda.h; kernels/matmul/epilogue_pass_cuda.h for
// the derivatives.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/elementwise/first_estimate.h"

namespace reprotrain::kernels {

/// One entry of the list; arrays hold n floats in device memory. Throws CudaError.
struct ActivationKernelCuda {
  std::string_view name;
  /// y[i] = f(x[i]); x and y may be the same array.
  void (*forward)(const float* x, float* y, int64_t n, cudaStream_t stream);
};

/// The activations of activation_list(), in its order, with first estimates as told.
std::span<const ActivationKernelCuda> activation_list_cuda(rounded::EstimateIn estimate);

/// With the estimates that suit the current device.
std::span<const ActivationKernelCuda> activation_list_cuda();

/// The entry of that name for the current device, or nullptr.
const ActivationKernelCuda* find_activation_cuda(std::string_view name);

}  // namespace reprotrain::kernels
