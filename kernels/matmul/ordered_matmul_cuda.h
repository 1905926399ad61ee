// SPDX-License-Identifier: Apache-2.0
// Matrix products with a fixed order of operations on a CUDA device: the bits of ordered_matmul.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/matmul/ordered_matmul.h"
#include "kernels/matmul/ordered_matmul_plan.h"

namespace reprotrain::kernels {

/// Device memory for the sums of split chains; needed only by plans with n_splits > 1. Any alignment
/// of a float; 16 bytes are faster.
struct MatmulWorkspace {
  float* data = nullptr;
  int64_t size_bytes = 0;
};

/// Queues `product`, whose pointers are device memory, on `stream`.
///
/// Any shape and any alignment of a float; rows and base addresses on 16 bytes are faster. The plan
/// changes the time, never a bit. Throws as require_product does, and CudaError where the workspace
/// is smaller than workspace_bytes_of(plan, shape) or CUDA fails.
void ordered_matmul_cuda(const MatrixProduct& product, const OrderedMatmulPlan& plan,
                         const MatmulWorkspace& workspace, cudaStream_t stream);

}  // namespace reprotrain::kernels
