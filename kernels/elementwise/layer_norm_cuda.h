// SPDX-License-Identifier: Apache-2.0
// Layer norm on a CUDA device: the bits of layer_norm.h, a warp for each row.
//
// Requires: views and spans of device memory; everything happens in the order of `stream`. Throws
// CudaError.
// Determinism: rows are independent; parameter gradients are exact column sums.
// See also: layer_norm.h (formulas), lane_sum_cuda.h, kernels/reduce/column_sums_cuda.h.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/elementwise/layer_norm.h"
#include "kernels/reduce/exact_sum_cuda.h"

namespace reprotrain::kernels {

void layer_norm_forward_cuda(const LayerNormForward& pass, cudaStream_t stream);

/// `sums`: work space of 2 n accumulators in device memory. `pass.scale_terms` is not used.
void layer_norm_backward_cuda(const LayerNormBackward& pass, ExactSumAccumulator* sums,
                              cudaStream_t stream);

}  // namespace reprotrain::kernels
