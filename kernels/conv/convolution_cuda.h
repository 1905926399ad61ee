// SPDX-License-Identifier: Apache-2.0
// Convolutions and their gradients on a CUDA device, through any matrix product: the bits of
// convolution.h.
//
//   patches are copied chunk by chunk to work space and multiplied there; 1x1 kernels read in place
//
// Why chunks of 32 MiB: patches stay in the second-level cache of a large GPU between the copy and the
//   product, and fill its multiprocessors. A weight gradient takes whole columns of patches instead, as
//   many as fit, because its terms run along the rows.
// Requires: views and spans of device memory; `workspace` of convolution_workspace_bytes for the same
// pass and plan; everything happens in the order of `stream`. Throws as the functions of the CPU do, and
// CudaError.
// Determinism: chunks, slices, plans and the workspace never reach a value.
// See also: convolution.h (order of terms), patches_cuda.h, kernels/matmul/matmul_cuda.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/conv/convolution.h"
#include "kernels/matmul/matmul_cuda.h"

namespace reprotrain::kernels {

/// How convolutions are computed; none of it reaches a bit.
struct ConvolutionPlan {
  MatmulPlan matmul;
  int64_t chunk_bytes = int64_t{1} << 25;  ///< of rows of patches, where the pass says no chunk
  int64_t slice_bytes = int64_t{1} << 28;  ///< of columns of patches; a single one may be larger
};

/// Bytes of work space that a pass needs. Of the views only the number of images counts.
int64_t convolution_workspace_bytes(const ConvolutionForward& pass, const ConvolutionPlan& plan);
int64_t convolution_workspace_bytes(const ConvolutionWeightGradient& pass,
                                    const ConvolutionPlan& plan);
int64_t convolution_workspace_bytes(const ConvolutionInputGradient& pass,
                                    const ConvolutionPlan& plan);

void convolution_forward_cuda(const ConvolutionForward& pass, const ConvolutionPlan& plan,
                              DeviceWorkspace workspace, cudaStream_t stream);
void convolution_weight_gradient_cuda(const ConvolutionWeightGradient& pass,
                                      const ConvolutionPlan& plan, DeviceWorkspace workspace,
                                      cudaStream_t stream);
void convolution_input_gradient_cuda(const ConvolutionInputGradient& pass,
                                     const ConvolutionPlan& plan, DeviceWorkspace workspace,
                                     cudaStream_t stream);

/// Rows of patches, `depth` numbers each, of `n_rows` in all, that are in work space at a time.
int64_t rows_of_chunk(const PatchChunk& chunk, int64_t depth, int64_t n_rows,
                      const ConvolutionPlan& plan);

}  // namespace reprotrain::kernels
