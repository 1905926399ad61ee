// SPDX-License-Identifier: Apache-2.0
// sum[i] = a[i] + b[i] on a CUDA device: the bits of addition.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace reprotrain::kernels {

/// Arrays of n floats in device memory; `sum` may be `a` or `b`. Throws CudaError.
void add_cuda(const float* a, const float* b, float* sum, int64_t n, cudaStream_t stream);

}  // namespace reprotrain::kernels
