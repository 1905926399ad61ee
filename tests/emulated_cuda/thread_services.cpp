// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_cuda/thread_services.h"

#include "tests/emulated_cuda/grid_run.h"
#include "tests/emulated_cuda/kernel_fault.h"
#include "tests/emulated_cuda/warp_functions.h"

namespace reprotrain::emulated_cuda {
namespace {

/// In the schedules that are not random every so many atomic operations let others go first: a
/// spin loop must come to an end.
constexpr uint32_t kYieldPointsBetween = 8;

BlockRun& block() { return *GridRun::running_block(); }

void let_copies_arrive() {
  GridRun& grid = GridRun::running();
  if (grid.schedule().is_random()) block().running().copies.some_may_arrive(grid.choices());
}

void ballot_lanes(const WarpLanes& lanes) {
  uint32_t votes = 0;
  for (int lane = 0; lane < 32; ++lane) {
    if ((lanes.participants >> lane & 1u) == 0) continue;
    votes |= (*static_cast<const bool*>(lanes.input[lane]) ? 1u : 0u) << lane;
  }
  for (int lane = 0; lane < 32; ++lane) {
    if ((lanes.participants >> lane & 1u) != 0) *static_cast<uint32_t*>(lanes.output[lane]) = votes;
  }
}

}  // namespace

void block_barrier(Site site) {
  let_copies_arrive();
  block().wait_at_barrier(site);
}

void warp_collective(uint32_t mask, WarpCollective collective, const void* input, void* output,
                     Site site) {
  let_copies_arrive();
  block().meet_in_warp(mask, collective, input, output, site);
}

uint32_t ballot(uint32_t mask, bool predicate, Site site) {
  uint32_t votes = 0;
  warp_collective(mask, ballot_lanes, &predicate, &votes, site);
  return votes;
}

int lane_of_thread() { return static_cast<int>(block().running_lane()); }

void maybe_yield() {
  GridRun& grid = GridRun::running();
  if (grid.schedule().is_random()) {
    if (grid.choices().one_in(4)) block().yield_to_ready();
  } else if (++block().running().n_yield_points % kYieldPointsBetween == 0) {
    block().yield_to_all();
  }
}

void yield_in_spin() { block().yield_to_all(); }

void* dynamic_shared_memory() { return block().shared().dynamic(); }

void report_fault(const char* what) { throw ThreadFault{what}; }

void start_async_copy(void* target, const void* source, size_t size, size_t n_zeros) {
  const uint32_t poison_word = GridRun::running().schedule().poison_word();
  block().running().copies.start(target, source, size, n_zeros, poison_word);
}

void commit_async_copies() {
  block().running().copies.commit();
  let_copies_arrive();
}

void wait_for_async_copies(size_t n_pending) { block().running().copies.wait(n_pending); }

}  // namespace reprotrain::emulated_cuda
