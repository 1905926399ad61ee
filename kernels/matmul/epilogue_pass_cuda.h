// SPDX-License-Identifier: Apache-2.0
// An epilogue as a pass of its own over a matrix on a CUDA device: the bits of finish_matrix.
//
// See also: epilogue.h, epilogue_cuda.h for what is fused.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/base/matrix_view.h"
#include "kernels/elementwise/first_estimate.h"
#include "kernels/matmul/epilogue.h"

namespace reprotrain::kernels {

/// Queues C = f(C) or C * f' on `stream`; pointers are device memory. Throws as require_epilogue does,
/// and CudaError.
void finish_matrix_cuda(const Epilogue& epilogue, const MatrixView& c, cudaStream_t stream);

/// With first estimates as told.
void finish_matrix_cuda(const Epilogue& epilogue, const MatrixView& c, rounded::EstimateIn estimate,
                        cudaStream_t stream);

}  // namespace reprotrain::kernels
