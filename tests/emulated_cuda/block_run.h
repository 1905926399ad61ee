// SPDX-License-Identifier: Apache-2.0
// One block under way: its threads, who of them can run, and the meetings they wait for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/emulated_cuda/kernel_thread.h"
#include "tests/emulated_cuda/ready_set.h"
#include "tests/emulated_cuda/shared_memory.h"
#include "tests/emulated_cuda/vector_types.h"

namespace reprotrain::emulated_cuda {

class GridRun;

class BlockRun {
 public:
  BlockRun(GridRun& grid, uint3 index);

  /// Runs threads until all wait for each other's arrival or for another block, at least one step.
  void run_phase();
  bool has_ended() const { return n_ended_ == threads_.size(); }
  SharedMemory& shared() { return shared_; }
  uint3 index() const { return index_; }

  // Of the running thread; see thread_services.h.
  KernelThread& running() { return threads_[running_]; }
  uint3 running_index() const { return index_of(running_); }
  uint32_t running_lane() const { return running_ % 32; }
  void wait_at_barrier(Site site);
  void meet_in_warp(uint32_t mask, WarpCollective collective, const void* input, void* output,
                    Site site);
  void yield_to_ready();
  void yield_to_all();

 private:
  uint3 index_of(uint32_t thread) const;
  void make_fiber(uint32_t thread);
  void run_thread(uint32_t thread);
  void enter_kernel(uint32_t thread);
  void suspend();
  void note_end(uint32_t thread);
  void complete_meeting_of(uint32_t thread);
  void release_barrier_or_fault();
  std::string what_threads_wait_for() const;

  GridRun& grid_;
  uint3 index_;
  std::vector<KernelThread> threads_;
  boost::context::fiber scheduler_;
  ReadySet ready_;
  std::vector<uint32_t> yielded_;
  uint32_t running_ = 0;
  uint32_t favoured_warp_ = 0;
  size_t n_ended_ = 0;
  SharedMemory shared_;
};

}  // namespace reprotrain::emulated_cuda
