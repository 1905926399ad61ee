// SPDX-License-Identifier: Apache-2.0
#include "kernels/random/sort_pairs_cuda.h"

#include <cub/device/device_radix_sort.cuh>

#include "kernels/base/cuda_error.h"

namespace reprotrain::kernels {

size_t sort_pairs_work_bytes(int64_t n) {
  size_t bytes = 0;
  check_cuda(cub::DeviceRadixSort::SortPairs(nullptr, bytes, static_cast<const uint64_t*>(nullptr),
                                             static_cast<uint64_t*>(nullptr),
                                             static_cast<const int64_t*>(nullptr),
                                             static_cast<int64_t*>(nullptr), n),
             "cub::DeviceRadixSort::SortPairs");
  return bytes;
}

void sort_pairs_cuda(const SortedPairs& pairs, int64_t n, void* work, size_t work_bytes,
                     cudaStream_t stream) {
  check_cuda(cub::DeviceRadixSort::SortPairs(work, work_bytes, pairs.keys, pairs.sorted_keys,
                                             pairs.items, pairs.sorted_items, n, 0, 64, stream),
             "cub::DeviceRadixSort::SortPairs");
}

}  // namespace reprotrain::kernels
