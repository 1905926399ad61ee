// SPDX-License-Identifier: Apache-2.0
// Copies the rows of a batch out of a matrix in device memory.
//
// Why: the rows of a shuffled batch; bound by memory, 16 bytes an access where rows and addresses allow.
// Requires: rows that are rows of the matrix: no kernel looks at them.
// Determinism: copies.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace reprotrain::kernels {

/// Row rows[i] of `from`, whose rows have `row_bytes`, a multiple of 4, becomes row i of `to`, for
/// n_rows of them. Pointers are device memory, aligned to 4 bytes. Throws CudaError.
void gather_rows_cuda(const void* from, int64_t row_bytes, const int64_t* rows, int64_t n_rows,
                      void* to, cudaStream_t stream);

}  // namespace reprotrain::kernels
