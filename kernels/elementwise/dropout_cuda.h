// SPDX-License-Identifier: Apache-2.0
// Dropout over an array in device memory: the map of dropout.h.
//
// Determinism: a function of (random stream, index); the bits of the CPU.
// See also: dropout.h, quad_map_cuda.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/elementwise/dropout.h"

namespace reprotrain::kernels {

/// values[i] = dropout.apply(random_word(random, i), values[i]) for n floats. Throws CudaError.
/// `step`, one number in device memory, takes the place of random.step where it is given: for work that is
/// recorded once and repeated.
void apply_dropout_cuda(const Dropout& dropout, RandomStream random, float* values, int64_t n,
                        cudaStream_t stream, const uint32_t* step = nullptr);

}  // namespace reprotrain::kernels
