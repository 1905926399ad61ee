// SPDX-License-Identifier: Apache-2.0
// CUDA's words for functions, memory and threads, as C++ on one host thread.
//
// Static shared memory is thread-local, so that it can be told from other variables and poisoned
// before each block of the grid (shared_memory.h).
#pragma once

#include "tests/emulated_cuda/thread_services.h"
#include "tests/emulated_cuda/vector_types.h"

// NOLINTBEGIN(bugprone-reserved-identifier): CUDA's names.
#define __global__
#define __device__
#define __host__
#define __constant__
#define __shared__ static thread_local
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define __grid_constant__

extern uint3 threadIdx;
extern uint3 blockIdx;
extern dim3 blockDim;
extern dim3 gridDim;
inline constexpr int warpSize = 32;

inline void* emulated_dynamic_shared() {
  return reprotrain::emulated_cuda::dynamic_shared_memory();
}

inline void __syncthreads(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  reprotrain::emulated_cuda::block_barrier({file, line});
}

inline void __threadfence() { reprotrain::emulated_cuda::maybe_yield(); }
inline void __threadfence_block() { reprotrain::emulated_cuda::maybe_yield(); }
inline void __nanosleep(unsigned /*ns*/) { reprotrain::emulated_cuda::yield_in_spin(); }

template <typename T>
T __ldg(const T* address) {
  return *address;
}
// NOLINTEND(bugprone-reserved-identifier)
