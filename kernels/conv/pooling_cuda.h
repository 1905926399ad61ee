// SPDX-License-Identifier: Apache-2.0
// Pooling on a CUDA device: the bits of pooling.h.
//
//   a thread an output forward, a thread a pixel's channel backward: it adds up what the windows that
//   hold the pixel give it, in their order, so that nothing is added to memory by two threads
//
// Requires: views of device memory; everything happens in the order of `stream`. Throws as the
// functions of the CPU do, and CudaError.
// Determinism: elements are independent.
// See also: pooling.h (formulas), pooling_windows.h.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/conv/pooling.h"

namespace reprotrain::kernels {

void max_pooling_forward_cuda(const MaxPoolingForward& pass, cudaStream_t stream);
void max_pooling_backward_cuda(const MaxPoolingBackward& pass, cudaStream_t stream);

void average_pooling_forward_cuda(const Pooling& pooling, ConstMatrixView images,
                                  MatrixView outputs, cudaStream_t stream);
void average_pooling_backward_cuda(const Pooling& pooling, ConstMatrixView delta,
                                   MatrixView image_gradient, cudaStream_t stream);

void global_average_forward_cuda(ConstMatrixView images, MatrixView outputs, cudaStream_t stream);
void global_average_backward_cuda(ConstMatrixView delta, MatrixView image_gradient,
                                  cudaStream_t stream);

}  // namespace reprotrain::kernels
