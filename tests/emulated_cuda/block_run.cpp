// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_cuda/block_run.h"

#include <csetjmp>
#include <exception>
#include <memory>
#include <utility>

#include "tests/emulated_cuda/access_fault.h"
#include "tests/emulated_cuda/device_language.h"
#include "tests/emulated_cuda/grid_run.h"
#include "tests/emulated_cuda/kernel_fault.h"
#include "tests/emulated_cuda/thread_stacks.h"

namespace reprotrain::emulated_cuda {
namespace {

/// Where fibers get their stacks.
struct PooledStacks {
  static boost::context::stack_context allocate() { return ThreadStacks::instance().take(); }
  static void deallocate(boost::context::stack_context& stack) {
    ThreadStacks::instance().give_back(stack);
  }
};

std::string text_of(uint3 index) {
  return "(" + std::to_string(index.x) + ", " + std::to_string(index.y) + ", " +
         std::to_string(index.z) + ")";
}

std::string place_of(Site site) { return std::string(site.file) + ":" + std::to_string(site.line); }

std::string wait_text(const KernelThread& thread) {
  switch (thread.waiting) {
    case Waiting::kBarrier:
      return "waits at the barrier " + place_of(thread.site);
    case Waiting::kWarp:
      return "waits for lanes of its mask at " + place_of(thread.site);
    case Waiting::kEnded:
      return "has ended";
    case Waiting::kNothing:
      break;
  }
  return "can run";
}

}  // namespace

BlockRun::BlockRun(GridRun& grid, uint3 index)
    : grid_(grid),
      index_(index),
      threads_(size_t{grid.launch().block.x} * grid.launch().block.y * grid.launch().block.z),
      shared_(grid.static_shared(), grid.launch().dynamic_shared_bytes,
              grid.schedule().poison_word()) {
  const auto n_threads = static_cast<uint32_t>(threads_.size());
  for (uint32_t thread = 0; thread < n_threads; ++thread) {
    make_fiber(thread);
    ready_.insert(thread);
  }
  favoured_warp_ = grid.choices().below((n_threads + 31) / 32);
}

uint3 BlockRun::index_of(uint32_t thread) const {
  const dim3 shape = grid_.launch().block;
  return {thread % shape.x, thread / shape.x % shape.y, thread / shape.x / shape.y};
}

void BlockRun::make_fiber(uint32_t thread) {
  threads_[thread].fiber = boost::context::fiber(std::allocator_arg, PooledStacks{},
                                                 [this, thread](boost::context::fiber&& from) {
                                                   scheduler_ = std::move(from);
                                                   enter_kernel(thread);
                                                   return std::move(scheduler_);
                                                 });
}

// On the thread's own stack. Kernel code has nothing to destroy, so that a jump out of it is fine.
void BlockRun::enter_kernel(uint32_t thread) {
  sigjmp_buf escape;
  if (sigsetjmp(escape, 0) == 0) {
    threads_[thread].escape = &escape;
    set_escape(&escape);
    try {
      grid_.launch().call();
      threads_[thread].copies.finish_all();
      note_end(thread);
    } catch (const ThreadFault& fault) {
      grid_.fail(*this, index_of(thread), fault.what);
    } catch (const std::exception& error) {
      grid_.fail(*this, index_of(thread), error.what());
    }
  } else {
    const AccessFault fault = last_access_fault();
    const bool is_address = fault.signal == SIGSEGV || fault.signal == SIGBUS;
    grid_.fail(*this, index_of(thread),
               is_address               ? grid_.describe_address(fault.address)
               : fault.signal == SIGFPE ? "divides an integer by zero"
                                        : "touches a misaligned address or traps");
  }
  set_escape(nullptr);
}

void BlockRun::run_thread(uint32_t thread) {
  running_ = thread;
  threadIdx = index_of(thread);
  set_escape(threads_[thread].escape);
  threads_[thread].fiber = std::move(threads_[thread].fiber).resume();
}

void BlockRun::suspend() {
  set_escape(nullptr);
  scheduler_ = std::move(scheduler_).resume();
}

void BlockRun::run_phase() {
  const ThreadOrder order = grid_.schedule().order();
  for (size_t steps = 4 * threads_.size(); steps > 0 && !ready_.empty(); --steps) {
    run_thread(ready_.take(order, favoured_warp_, grid_.choices()));
    if (grid_.has_failed()) return;
    if (!grid_.may_go_on()) return grid_.fail(*this, std::nullopt, "spins for ever");
  }
  if (!ready_.empty() || has_ended()) return;
  if (yielded_.empty()) return release_barrier_or_fault();
  for (const uint32_t thread : yielded_) ready_.insert(thread);
  yielded_.clear();
}

void BlockRun::release_barrier_or_fault() {
  for (const KernelThread& thread : threads_) {
    if (thread.waiting != Waiting::kBarrier || thread.site != threads_.front().site) {
      return grid_.fail(*this, std::nullopt, what_threads_wait_for());
    }
  }
  for (uint32_t thread = 0; thread < threads_.size(); ++thread) {
    threads_[thread].waiting = Waiting::kNothing;
    ready_.insert(thread);
  }
  grid_.note_progress();
}

/// One thread of every kind of wait.
std::string BlockRun::what_threads_wait_for() const {
  std::string text = "threads wait for each other:";
  std::vector<const KernelThread*> told;
  for (uint32_t i = 0; i < threads_.size() && told.size() < 4; ++i) {
    const KernelThread& thread = threads_[i];
    bool known = false;
    for (const KernelThread* other : told) {
      known = known || (thread.waiting == other->waiting &&
                        (thread.waiting == Waiting::kEnded || thread.site == other->site));
    }
    if (known) continue;
    text +=
        (told.empty() ? " thread " : "; thread ") + text_of(index_of(i)) + " " + wait_text(thread);
    told.push_back(&thread);
  }
  return text;
}

void BlockRun::wait_at_barrier(Site site) {
  running().waiting = Waiting::kBarrier;
  running().site = site;
  suspend();
}

void BlockRun::meet_in_warp(uint32_t mask, WarpCollective collective, const void* input,
                            void* output, Site site) {
  if ((mask >> running_lane() & 1u) == 0) throw ThreadFault{"is not in its own mask"};
  KernelThread& thread = running();
  thread.waiting = Waiting::kWarp;
  thread.site = site;
  thread.mask = mask;
  thread.collective = collective;
  thread.input = input;
  thread.output = output;
  complete_meeting_of(running_);
  suspend();
}

void BlockRun::complete_meeting_of(uint32_t thread) {
  const KernelThread& caller = threads_[thread];
  const uint32_t first = thread / 32 * 32;
  WarpLanes lanes;
  for (uint32_t lane = 0; lane < 32 && first + lane < threads_.size(); ++lane) {
    const KernelThread& other = threads_[first + lane];
    if ((caller.mask >> lane & 1u) == 0 || other.waiting == Waiting::kEnded) continue;
    if (!other.meets(caller)) return;
    lanes.participants |= 1u << lane;
    lanes.input[lane] = other.input;
    lanes.output[lane] = other.output;
  }
  caller.collective(lanes);
  for (uint32_t lane = 0; lane < 32; ++lane) {
    if ((lanes.participants >> lane & 1u) == 0) continue;
    threads_[first + lane].waiting = Waiting::kNothing;
    ready_.insert(first + lane);
  }
  grid_.note_progress();
}

/// A meeting may have waited for this thread to come or to end.
void BlockRun::note_end(uint32_t thread) {
  threads_[thread].waiting = Waiting::kEnded;
  ++n_ended_;
  grid_.note_progress();
  const uint32_t first = thread / 32 * 32;
  for (uint32_t other = first; other < first + 32 && other < threads_.size(); ++other) {
    if (threads_[other].waiting == Waiting::kWarp) complete_meeting_of(other);
  }
}

void BlockRun::yield_to_ready() {
  ready_.insert(running_);
  suspend();
}

void BlockRun::yield_to_all() {
  yielded_.push_back(running_);
  suspend();
}

}  // namespace reprotrain::emulated_cuda
