// SPDX-License-Identifier: Apache-2.0
// lane_sum of lane_sum.h by the 32 threads of a warp: thread l is lane l.
//
//   lane = +0 + t(l) + t(l + 32) + t(l + 64) + ...; then five shuffles for w = 16, 8, 4, 2, 1
//
// Requires: all 32 threads of the warp take part.
// Determinism: the order of lane_sum, whatever the launch.
// See also: lane_sum.h; loss_list_cuda.cu and layer_norm_cuda.cu, rows of a warp each.
#pragma once

#include <cstdint>

#include "kernels/base/cuda_launch.h"
#include "kernels/reduce/lane_sum.h"

namespace reprotrain::kernels {

static_assert(kSumLanes == 32, "a warp");
inline constexpr unsigned kWholeWarp = 0xffffffffu;

/// This thread's lane of its warp, for blocks of one dimension.
__device__ __forceinline__ int warp_lane() { return static_cast<int>(threadIdx.x % 32u); }

/// Sum of term(0) ... term(n - 1), on every thread. Thread l calls term(l), term(l + 32), ...
template <class Term>
__device__ __forceinline__ float warp_sum(const Term& term, int64_t n) {
  float lane = 0.0f;
  for (int64_t i = warp_lane(); i < n; i += kSumLanes) lane = lane + term(i);
  for (unsigned width = kSumLanes / 2; width >= 1; width /= 2) {
    lane = lane + __shfl_down_sync(kWholeWarp, lane, width);
  }
  return __shfl_sync(kWholeWarp, lane, 0);
}

/// Runs row(r) by a warp for every r < n_rows; all threads of a warp have the same rows.
template <class Row>
__device__ __forceinline__ void for_rows_of_warp(int64_t n_rows, const Row& row) {
  for (int64_t r = thread_of_grid() / 32; r < n_rows; r += threads_of_grid() / 32) row(r);
}

}  // namespace reprotrain::kernels
