// SPDX-License-Identifier: Apache-2.0
// Random words, units and keys in device memory: the numbers of philox.h.
//
// Each writes element i = the stream's number at index i, for n indices from 0. Throws CudaError.
// Determinism: a function of (random stream, index); the bits of the CPU.
// See also: philox.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/random/philox.h"

namespace reprotrain::kernels {

void random_words_cuda(RandomStream random, uint32_t* words, int64_t n, cudaStream_t stream);
void random_units_cuda(RandomStream random, float* units, int64_t n, cudaStream_t stream);
void random_keys_cuda(RandomStream random, uint64_t* keys, int64_t n, cudaStream_t stream);

}  // namespace reprotrain::kernels
