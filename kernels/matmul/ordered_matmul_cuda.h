// SPDX-License-Identifier: Apache-2.0
// Matrix products with a fixed order of operations on a CUDA device: the bits of ordered_matmul.h.
#pragma once

#include <cstdint>

#include "kernels/base/cuda_launch.h"
#include "kernels/matmul/ordered_matmul.h"
#include "kernels/matmul/ordered_matmul_plan.h"

namespace reprotrain::kernels {

/// Device memory for the sums of split chains; needed only by plans with n_splits > 1.
struct MatmulWorkspace {
  float* data = nullptr;
  int64_t size_bytes = 0;
};

/// Queues `product`, whose pointers are device memory, on `stream`.
///
/// Any shape and any alignment of a float; rows and base addresses on 16 bytes are faster. The plan
/// changes the time, never a bit. Shapes and the size of the workspace must agree (asserted).
void ordered_matmul_cuda(const MatrixProduct& product, const OrderedMatmulPlan& plan,
                         const MatmulWorkspace& workspace, cudaStream_t stream);

}  // namespace reprotrain::kernels
