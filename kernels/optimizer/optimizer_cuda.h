// SPDX-License-Identifier: Apache-2.0
// Optimizer steps over arrays in device memory: the formulas of sgd.h and adam.h.
//
// Why: a step reads and writes every parameter and moment once; four 16-byte streams in and three
// out for adam.
// Determinism: elementwise, constants from the host; the bits of the CPU.
// See also: optimizer_list.h, quad_map_cuda.h.
#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/optimizer/optimizer_list.h"
#include "kernels/optimizer/step_constants.h"

namespace reprotrain::kernels {

/// One tensor and its state: arrays of n floats in device memory; `state` has as many as the
/// optimizer of that name in optimizer_list() names.
struct OptimizerTensorCuda {
  float* parameters = nullptr;
  const float* gradients = nullptr;
  std::array<float*, 2> state{};
  int64_t n = 0;
  bool decays = false;  ///< weight decay applies
  /// In device memory, in place of those of the settings and the step that step() is given, where it is
  /// set: for work that is recorded once and repeated.
  const StepConstants* constants = nullptr;
};

struct OptimizerKernelCuda {
  std::string_view name;
  /// One update; `step_index` counts from 0. Throws CudaError.
  void (*step)(const OptimizerSettings& settings, const OptimizerTensorCuda& tensor,
               uint64_t step_index, cudaStream_t stream);
};

/// The optimizers of optimizer_list(), in its order.
std::span<const OptimizerKernelCuda> optimizer_list_cuda();

/// The entry of that name, or nullptr.
const OptimizerKernelCuda* find_optimizer_cuda(std::string_view name);

/// Scales n gradients whose norm, one number in device memory, is too long (clipping.h). Throws CudaError.
void clip_by_norm_cuda(const double* norm, double largest_norm, float* gradients, int64_t n,
                       cudaStream_t stream);

}  // namespace reprotrain::kernels
