// SPDX-License-Identifier: Apache-2.0
// sort_pairs_cuda where there is no CUB.
#include <algorithm>
#include <numeric>
#include <vector>

#include "kernels/random/sort_pairs_cuda.h"
#include "tests/emulated_cuda/device_memory.h"

namespace reprotrain::kernels {

size_t sort_pairs_work_bytes(int64_t n) { return n > 0 ? 256 : 0; }

void sort_pairs_cuda(const SortedPairs& pairs, int64_t n, void* /*work*/, size_t /*work_bytes*/,
                     cudaStream_t /*stream*/) {
  const emulated_cuda::OpenDeviceMemory open;
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return pairs.keys[a] < pairs.keys[b]; });
  for (int64_t rank = 0; rank < n; ++rank) {
    pairs.sorted_keys[rank] = pairs.keys[order[static_cast<size_t>(rank)]];
    pairs.sorted_items[rank] = pairs.items[order[static_cast<size_t>(rank)]];
  }
}

}  // namespace reprotrain::kernels
