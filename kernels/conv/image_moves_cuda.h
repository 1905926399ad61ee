// SPDX-License-Identifier: Apache-2.0
// Random moves of images on a CUDA device: the bits of image_moves.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/conv/image_moves.h"

namespace reprotrain::kernels {

/// Queues move_images of device memory. `step`, one number in device memory, takes the place of random.step
/// where it is given: for work that is recorded once and repeated. Throws as move_images does, and CudaError.
void move_images_cuda(const ImageMoves& moves, RandomStream random, MovePass pass,
                      ConstMatrixView from, MatrixView to, cudaStream_t stream,
                      const uint32_t* step = nullptr);

}  // namespace reprotrain::kernels
