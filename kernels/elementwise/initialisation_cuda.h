// SPDX-License-Identifier: Apache-2.0
// Initial weights in device memory: the values of initialisation.h.
//
// Determinism: a function of (seed, instance, shape, index); the bits of the CPU.
// See also: initialisation.h, quad_map_cuda.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace reprotrain::kernels {

/// `values` (n_in, n_out), row-major; n_in + n_out > 0. Throws CudaError.
void initialise_weight_cuda(int64_t n_in, int64_t n_out, uint64_t seed, uint32_t instance,
                            float* values, cudaStream_t stream);

}  // namespace reprotrain::kernels
