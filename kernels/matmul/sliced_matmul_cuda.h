// SPDX-License-Identifier: Apache-2.0
// Matrix products by exact integer slicing on a CUDA device: the bits of sliced_matmul.h.
//
//   magnitudes, digits (digit_rows_cuda.h)  ->  p integer products (int8_gemm_cuda.h), one for each
//   weight 256^n  ->  T = sum of 256^n times product n, rounded once, the bias
//
// K beyond what int32 holds is cut into chunks whose T are added in int64; rows of C beyond what the
// workspace holds are done band by band. Neither shows in a bit.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/matmul/int8_gemm_cuda.h"
#include "kernels/matmul/ordered_matmul.h"
#include "kernels/matmul/ordered_matmul_plan.h"

namespace reprotrain::kernels {

/// Device memory for digits and sums, aligned to 256 bytes as cudaMalloc's is.
struct SlicedWorkspace {
  void* data = nullptr;
  int64_t size_bytes = 0;
};

/// Terms of one chunk: n_digits of them fit one int32 sum.
int64_t max_chunk_terms(int n_digits);

/// How a sliced product is computed; none of it reaches a bit.
struct SlicedPlan {
  int n_digits = 2;
  const Int8Gemm* gemm = nullptr;
  int64_t chunk_terms = 0;  ///< terms of one chunk at most; 0: max_chunk_terms
};

/// Bytes with which the plan does the product in one band, and the least that will do.
int64_t sliced_workspace_bytes(const ProductShape& shape, const SlicedPlan& plan);
int64_t least_sliced_workspace_bytes(const ProductShape& shape, const SlicedPlan& plan);

/// Queues `product`, whose pointers are device memory, on `stream`. Throws as
/// require_sliced_product does and for a plan or an alignment that is not as described above, and
/// CudaError where the workspace is smaller than least_sliced_workspace_bytes or CUDA fails.
void sliced_matmul_cuda(const MatrixProduct& product, const SlicedPlan& plan,
                        const SlicedWorkspace& workspace, cudaStream_t stream);

}  // namespace reprotrain::kernels
