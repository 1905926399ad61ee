// SPDX-License-Identifier: Apache-2.0
// Launching a kernel: the template of CUDA's C++ interface.
#pragma once

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tests/emulated_cuda/runtime_api.h"
#include "tests/emulated_cuda/vector_types.h"

struct cudaLaunchAttribute;

struct cudaLaunchConfig_t {
  dim3 gridDim;
  dim3 blockDim;
  size_t dynamicSmemBytes = 0;
  cudaStream_t stream = nullptr;
  cudaLaunchAttribute* attrs = nullptr;
  unsigned numAttrs = 0;
};

namespace reprotrain::emulated_cuda {

/// Checks the configuration like CUDA and runs the grid. Throws KernelFault.
cudaError_t launch_kernel(const cudaLaunchConfig_t& config, const void* kernel,
                          std::function<void()> call);

}  // namespace reprotrain::emulated_cuda

template <typename... P, typename... A>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(P...),
                               A&&... arguments) {
  static_assert((std::is_trivially_copyable_v<P> && ...), "kernel arguments are copied as bytes");
  std::tuple<P...> copies(std::forward<A>(arguments)...);
  return reprotrain::emulated_cuda::launch_kernel(
      *config, reinterpret_cast<const void*>(kernel), [copies = std::move(copies), kernel] {
        std::apply([kernel](P... values) { kernel(values...); }, copies);
      });
}
