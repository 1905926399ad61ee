// SPDX-License-Identifier: Apache-2.0
// One entry to the matrix products of a CUDA device: the bits of matmul.h.
//
// See also: ordered_matmul_cuda.h (fma32), sliced_matmul_cuda.h (int8x2, int8x3), library_gemm.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/base/device_workspace.h"
#include "kernels/library/library_gemm.h"
#include "kernels/matmul/int8_gemm_cuda.h"
#include "kernels/matmul/matmul.h"
#include "kernels/matmul/ordered_matmul_plan.h"

namespace reprotrain::kernels {

/// How products are computed; none of it reaches a bit of a definition of ours.
struct MatmulPlan {
  int n_multiprocessors = 1;
  const Int8Gemm* gemm = nullptr;                   ///< multiplies the digits of integer slices
  LibraryGemm* library = nullptr;                   ///< computes kLibrary
  int64_t most_workspace_bytes = int64_t{1} << 28;  ///< to ask for, where less will do
};

/// Bytes of work space that a product should be given. With them, products of fewer rows are possible
/// too, whatever they would ask for themselves.
int64_t matmul_workspace_bytes(MatmulSpecification specification, const ProductShape& shape,
                               const MatmulPlan& plan);

/// Queues `product`, whose pointers are device memory, on `stream`. Throws as multiply does, CudaError
/// where CUDA fails or the workspace is too small, and std::runtime_error, with a sentence, where a
/// library fails.
void multiply_cuda(MatmulSpecification specification, const MatrixProduct& product,
                   const MatmulPlan& plan, const DeviceWorkspace& workspace, cudaStream_t stream);

}  // namespace reprotrain::kernels
