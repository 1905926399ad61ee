// SPDX-License-Identifier: Apache-2.0
// The correctly rounded functions over arrays in device memory: the bits of elementary.h.
//
// Each reads n floats at x and writes f of them at y, in the order of `stream`. y may be x;
//   otherwise the two must not overlap. n = 0 is fine. Throws CudaError.
// Why: the first estimate is in binary64 where the device has it at half speed, else in binary32
//   pairs.
// Determinism: the same bits for every grid, position and device, whatever the estimate is in.
// See also: elementary_array.h, estimate_cuda.h, quad_map_cuda.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/elementwise/elementary.h"

namespace reprotrain::kernels::rounded {

/// The function F of elementary.h (Exp, Log and so on), with the first estimate as told.
template <typename F>
void elementary_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream,
                           EstimateIn estimate);

/// With the estimate that suits the current device.
void exp_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream);
void log_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream);
void log1p_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream);
void expm1_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream);
void tanh_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream);
void sigmoid_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream);
void erf_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream);
void gelu_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream);
void gelu_derivative_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream);

}  // namespace reprotrain::kernels::rounded
