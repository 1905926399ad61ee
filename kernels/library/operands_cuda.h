// SPDX-License-Identifier: Apache-2.0
// What happens to operands before and after a product of a library, on a CUDA device.
//
// All queue their work on `stream` and throw CudaError.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/base/matrix_view.h"

namespace reprotrain::kernels {

/// to[i * row_stride + j] = to_bfloat16(from[i][j]); what lies between rows stays.
void round_to_bfloat16_cuda(const ConstMatrixView& from, uint16_t* to, int64_t row_stride,
                            cudaStream_t stream);

/// to[i] = from_bfloat16(from[i]) for i < n.
void widen_bfloat16_cuda(const uint16_t* from, float* to, int64_t n, cudaStream_t stream);

/// to[j][i] = from[i][j].
void transpose_cuda(const ConstMatrixView& from, const MatrixView& to, cudaStream_t stream);

/// matrix[i][j] = matrix[i][j] + bias[j].
void add_bias_cuda(const float* bias, const MatrixView& matrix, cudaStream_t stream);

}  // namespace reprotrain::kernels
