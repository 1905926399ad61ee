// SPDX-License-Identifier: Apache-2.0
// Sorts (key, item) pairs in device memory by key, stably.
//
// Behind this one name because a library does it on a GPU (CUB), where nothing but its order, which
// is defined, can reach a value; tests without a GPU bring a plain implementation.
// Determinism: a stable sort by unsigned 64-bit keys has one result.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace reprotrain::kernels {

/// Pairs before and after. Arrays of n elements in device memory, no two of which overlap.
struct SortedPairs {
  const uint64_t* keys;
  const int64_t* items;
  uint64_t* sorted_keys;
  int64_t* sorted_items;
};

/// Bytes of device memory that sort_pairs needs for n pairs. Throws CudaError.
size_t sort_pairs_work_bytes(int64_t n);

/// `work` holds `work_bytes` >= sort_pairs_work_bytes(n), aligned to 256. Throws CudaError.
void sort_pairs_cuda(const SortedPairs& pairs, int64_t n, void* work, size_t work_bytes,
                     cudaStream_t stream);

}  // namespace reprotrain::kernels
