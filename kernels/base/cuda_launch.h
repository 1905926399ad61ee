// SPDX-License-Identifier: Apache-2.0
// What a kernel's .cu file needs of CUDA, and the one way to launch a kernel.
//
// The same .cu files are compiled by nvcc for a GPU and, in tests, by the C++ compiler against
// tests/emulated_cuda/, whose headers have the names of CUDA's. So that both work, a kernel
//   is launched with launch(), never with triple angle brackets;
//   declares shared memory as `__shared__ T tile[N]` (an alignment before it, `alignas(16)
//     __shared__ ...`) or takes dynamic_shared<T>(), never `extern __shared__`;
//   copies asynchronously with the functions below; uses no inline PTX outside a named function;
//   has no floating-point atomics: their order would reach the value.
// See also: docs/architecture.md "CUDA without a GPU".
#pragma once

#include <cuda_pipeline_primitives.h>
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "kernels/base/cuda_error.h"
#include "kernels/base/hd.h"

namespace reprotrain::kernels {

/// Blocks of a launch, threads of a block, and the dynamic shared memory of a block. Geometry never
/// reaches a value.
struct LaunchShape {
  dim3 grid;
  dim3 block;
  size_t dynamic_shared_bytes = 0;
  const char* file = __builtin_FILE();  ///< where the shape was written, for messages
  int line = __builtin_LINE();
};

/// Runs `kernel(arguments...)` on `stream`. Throws CudaError when it cannot be launched: an empty
/// grid included. Beyond 48 KiB of dynamic shared memory call allow_dynamic_shared first.
template <typename... P, typename... A>
void launch(void (*kernel)(P...), const LaunchShape& shape, cudaStream_t stream, A... arguments) {
  static_assert(sizeof...(P) == sizeof...(A), "a kernel takes all its arguments");
  const bool fits =
      shape.grid.x - 1u < 0x7fffffffu && shape.grid.y - 1u < 0xffffu && shape.grid.z - 1u < 0xffffu;
  check_cuda(fits ? cudaSuccess : cudaErrorInvalidConfiguration, "launch", shape.file, shape.line);
  cudaLaunchConfig_t config{};
  config.gridDim = shape.grid;
  config.blockDim = shape.block;
  config.dynamicSmemBytes = shape.dynamic_shared_bytes;
  config.stream = stream;
  check_cuda(cudaLaunchKernelEx(&config, kernel, static_cast<P>(arguments)...), "launch",
             shape.file, shape.line);
}

/// Lets `kernel` be launched with up to `bytes` of dynamic shared memory, if the device has them.
template <typename... P>
void allow_dynamic_shared(void (*kernel)(P...), size_t bytes) {
  check_cuda(
      cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                           cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)),
      "cudaFuncSetAttribute");
}

/// The block's dynamic shared memory, aligned to 16 bytes.
template <typename T>
__device__ __forceinline__ T* dynamic_shared() {
#if defined(__CUDACC__)
  extern __shared__ __align__(16) unsigned char dynamic_shared_bytes[];
  return reinterpret_cast<T*>(dynamic_shared_bytes);
#else
  return static_cast<T*>(emulated_dynamic_shared());
#endif
}

/// Starts a copy of 16 bytes, both addresses aligned to 16, from global to shared memory: cp.async
/// from sm_80 on, a plain copy before. Neither side may be touched until a wait.
__device__ __forceinline__ void copy_async_16(void* shared_target, const void* global_source) {
  __pipeline_memcpy_async(shared_target, global_source, 16);
}

/// The same for 4 bytes, both addresses aligned to 4.
__device__ __forceinline__ void copy_async_4(void* shared_target, const void* global_source) {
  __pipeline_memcpy_async(shared_target, global_source, 4);
}

/// Closes the group of this thread's copies started since the last commit.
__device__ __forceinline__ void commit_async_copies() { __pipeline_commit(); }

/// Waits for this thread's groups, except for the `kPending` newest. Other threads see the data
/// after a barrier that follows.
template <int kPending>
__device__ __forceinline__ void wait_for_async_copies() {
  __pipeline_wait_prior(kPending);
}

/// Index of the thread among those of a one-dimensional launch, and how many there are.
__device__ __forceinline__ int64_t thread_of_grid() {
  return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ __forceinline__ int64_t threads_of_grid() {
  return static_cast<int64_t>(gridDim.x) * blockDim.x;
}

/// Adds to a 64-bit integer, modulo 2^64, in one indivisible step; returns the value before.
__device__ __forceinline__ uint64_t atomic_add(uint64_t* target, uint64_t value) {
  return atomicAdd(reinterpret_cast<unsigned long long*>(target),
                   static_cast<unsigned long long>(value));
}
__device__ __forceinline__ int64_t atomic_add(int64_t* target, int64_t value) {
  return static_cast<int64_t>(
      atomic_add(reinterpret_cast<uint64_t*>(target), static_cast<uint64_t>(value)));
}

}  // namespace reprotrain::kernels
