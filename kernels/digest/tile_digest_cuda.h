// SPDX-License-Identifier: Apache-2.0
// The tile digest of tensors in device memory: the definition of tile_digest.h.
//
// Determinism: sums modulo 2^128, whose order does not matter; integer atomics.
// See also: tile_digest.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/digest/tile_digest.h"

namespace reprotrain::kernels {

/// Writes the digest of n values to `digest`, which lies in device memory too. Throws CudaError.
void tile_digest_cuda(const float* values, int64_t n, uint64_t tensor_id, Digest128* digest,
                      cudaStream_t stream);
void tile_digest_cuda(const int64_t* values, int64_t n, uint64_t tensor_id, Digest128* digest,
                      cudaStream_t stream);

}  // namespace reprotrain::kernels
