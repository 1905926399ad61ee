// SPDX-License-Identifier: Apache-2.0
// Shuffles in device memory: the order of shuffle.h.
//
// Determinism: a function of (random stream, items); the bits of the CPU.
// See also: shuffle.h, sort_pairs_cuda.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "kernels/random/philox.h"

namespace reprotrain::kernels {

/// Bytes of device memory that shuffle_indices_cuda needs for n items. Throws CudaError.
size_t shuffle_work_bytes(int64_t n);

/// Writes the n `items` at `shuffled` in their new order; the two must not overlap. `work` holds
/// shuffle_work_bytes(n), aligned to 256. Throws CudaError.
void shuffle_indices_cuda(RandomStream random, const int64_t* items, int64_t* shuffled, int64_t n,
                          void* work, cudaStream_t stream);

}  // namespace reprotrain::kernels
