// SPDX-License-Identifier: Apache-2.0
// What a running kernel thread asks of the emulator. Device functions are written with these.
#pragma once

#include <cstddef>
#include <cstdint>

namespace reprotrain::emulated_cuda {

/// A place in a kernel's source: threads that meet must meet at the same one.
struct Site {
  const char* file;
  int line;
  friend bool operator==(const Site&, const Site&) = default;
};

/// The lanes of a warp that take part in a collective operation: bit i of `participants` says
/// whether input[i] and output[i] are there.
struct WarpLanes {
  uint32_t participants = 0;
  const void* input[32] = {};
  void* output[32] = {};
};

/// Fills every participant's output from everybody's inputs.
using WarpCollective = void (*)(const WarpLanes& lanes);

/// Waits for every thread of the block to come to `site`.
void block_barrier(Site site);

/// Waits for the lanes of `mask` that have not ended, all of which must ask for the same collective
/// at the same site with the same mask; then it is computed once. Faults where the caller is not in
/// its own mask.
void warp_collective(uint32_t mask, WarpCollective collective, const void* input, void* output,
                     Site site);

/// Index of the calling thread within its warp.
int lane_of_thread();

/// A point at which the schedule may let other threads go first: before every atomic operation.
void maybe_yield();

/// Lets other threads and blocks go first.
void yield_in_spin();

/// The block's dynamic shared memory, aligned to 16.
void* dynamic_shared_memory();

/// Ends the kernel: what the calling thread did is wrong.
[[noreturn]] void report_fault(const char* what);

void start_async_copy(void* target, const void* source, size_t size, size_t n_zeros);
void commit_async_copies();
void wait_for_async_copies(size_t n_pending);

}  // namespace reprotrain::emulated_cuda
