// SPDX-License-Identifier: Apache-2.0
#include "kernels/random/shuffle_cuda.h"

#include "kernels/base/ceil_div.h"
#include "kernels/random/philox_cuda.h"
#include "kernels/random/sort_pairs_cuda.h"

namespace reprotrain::kernels {
namespace {

/// Of an array of n keys, rounded up so that what follows is aligned.
size_t key_bytes(int64_t n) { return round_up(static_cast<size_t>(n) * sizeof(uint64_t), 256); }

}  // namespace

// The work holds the keys, the sorted keys, and what the sort needs.
size_t shuffle_work_bytes(int64_t n) { return 2 * key_bytes(n) + sort_pairs_work_bytes(n); }

void shuffle_indices_cuda(RandomStream random, const int64_t* items, int64_t* shuffled, int64_t n,
                          void* work, cudaStream_t stream) {
  if (n == 0) return;
  auto* bytes = static_cast<unsigned char*>(work);
  auto* keys = reinterpret_cast<uint64_t*>(bytes);
  auto* sorted_keys = reinterpret_cast<uint64_t*>(bytes + key_bytes(n));
  random_keys_cuda(random, keys, n, stream);
  sort_pairs_cuda({keys, items, sorted_keys, shuffled}, n, bytes + 2 * key_bytes(n),
                  sort_pairs_work_bytes(n), stream);
}

}  // namespace reprotrain::kernels
