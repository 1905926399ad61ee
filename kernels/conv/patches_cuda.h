// SPDX-License-Identifier: Apache-2.0
// Patches of images as rows of a matrix on a CUDA device: the copies of patches.h.
//
// Why: a thread copies neighbouring channels, four at a time where their number allows it; a warp reads
// and writes whole sectors.
// Requires: views and pointers of device memory; everything happens in the order of `stream`. Throws
// CudaError.
// Determinism: copies only.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/conv/patches.h"

namespace reprotrain::kernels {

/// See gather_patches.
void gather_patches_cuda(const Patches& patches, const PatchRange& range, float* target,
                         cudaStream_t stream);

/// See scatter_pixels.
void scatter_pixels_cuda(const PixelGrid& grid, int64_t row_begin, int64_t row_end,
                         const float* source, cudaStream_t stream);

}  // namespace reprotrain::kernels
