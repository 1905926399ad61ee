// SPDX-License-Identifier: Apache-2.0
// Batch norm on a CUDA device: the bits of batch_norm.h.
//
// Requires: views and spans of device memory; everything happens in the order of `stream`. `work`
// holds batch_norm_work_bytes of device memory, aligned to 8 bytes, and is free again when the pass has
// run. Throws as the functions of the CPU do, and CudaError.
// Determinism: moments and sums are exact; the rest is elementwise.
// See also: batch_norm.h (formulas), kernels/reduce/column_sums_cuda.h, column_terms_cuda.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "kernels/conv/batch_norm.h"

namespace reprotrain::kernels {

/// Bytes of device memory that any of the passes needs: 368 for each channel, up to 6 MiB.
size_t batch_norm_work_bytes(int64_t n_channels);

void batch_norm_training_cuda(const BatchNormTraining& pass, void* work, cudaStream_t stream);
void batch_norm_backward_cuda(const BatchNormBackward& pass, void* work, cudaStream_t stream);
void batch_norm_inference_cuda(const BatchNormInference& pass, void* work, cudaStream_t stream);

}  // namespace reprotrain::kernels
