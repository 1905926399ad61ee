// SPDX-License-Identifier: Apache-2.0
// How many blocks a loop over items is given. Only speed depends on it, never a value: each thread
// does items t, t + threads_of_grid(), ...
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/base/ceil_div.h"
#include "kernels/base/cuda_error.h"

namespace reprotrain::kernels {

/// Blocks that keep every multiprocessor busy with `n_items`, one a thread or more.
inline unsigned blocks_for(int64_t n_items, unsigned threads_of_block) {
  constexpr int kBlocksPerMultiprocessor = 8;
  int device = 0;
  int n_multiprocessors = 0;
  check_cuda(cudaGetDevice(&device), "cudaGetDevice");
  check_cuda(cudaDeviceGetAttribute(&n_multiprocessors, cudaDevAttrMultiProcessorCount, device),
             "cudaDeviceGetAttribute");
  const int64_t needed = ceil_div(n_items, threads_of_block);
  const int64_t busy = int64_t{kBlocksPerMultiprocessor} * n_multiprocessors;
  return static_cast<unsigned>(std::min(needed, busy));
}

}  // namespace reprotrain::kernels
