// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_cuda/grid_run.h"

#include <mutex>
#include <utility>

#include "tests/emulated_cuda/access_fault.h"
#include "tests/emulated_cuda/device_language.h"
#include "tests/emulated_cuda/device_memory.h"
#include "tests/emulated_cuda/kernel_fault.h"
#include "tests/emulated_cuda/kernel_name.h"
#include "tests/emulated_cuda/thread_stacks.h"

uint3 threadIdx;
uint3 blockIdx;
dim3 blockDim;
dim3 gridDim;

namespace reprotrain::emulated_cuda {
namespace {

std::mutex one_grid_at_a_time;
GridRun* grid_of_process = nullptr;
BlockRun* block_of_process = nullptr;

std::string text_of(uint3 index) {
  return "(" + std::to_string(index.x) + ", " + std::to_string(index.y) + ", " +
         std::to_string(index.z) + ")";
}

}  // namespace

void run_grid(const KernelLaunch& launch) {
  const std::lock_guard lock(one_grid_at_a_time);
  const Schedule schedule = current_schedule();
  const Choices choices = choices_of_next_launch();
  const OpenDeviceMemory memory;
  const AccessFaultScope faults;
  GridRun(launch, schedule, choices).run();
}

GridRun::GridRun(const KernelLaunch& launch, Schedule schedule, Choices choices)
    : launch_(launch),
      schedule_(schedule),
      choices_(choices),
      static_shared_(StaticShared::of_module_with(launch.kernel)),
      kept_(static_shared_),
      order_(
          schedule.block_order(uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z, choices_)),
      n_resident_(schedule.n_resident_blocks(choices_)) {
  poison(static_shared_.begin, static_shared_.n_bytes, schedule.poison_word());
}

BlockRun* GridRun::running_block() { return block_of_process; }
GridRun& GridRun::running() { return *grid_of_process; }

void GridRun::start_blocks() {
  while (resident_.size() < n_resident_ && n_started_ < order_.size()) {
    const uint64_t block = order_[n_started_++];
    const uint64_t x = block % launch_.grid.x;
    const uint64_t y = block / launch_.grid.x % launch_.grid.y;
    const uint64_t z = block / launch_.grid.x / launch_.grid.y;
    resident_.push_back(std::make_unique<BlockRun>(
        *this,
        uint3{static_cast<unsigned>(x), static_cast<unsigned>(y), static_cast<unsigned>(z)}));
  }
}

size_t GridRun::choose_block() {
  const auto n = static_cast<uint32_t>(resident_.size());
  return schedule_.is_random() ? choices_.below(n) : turn_++ % n;
}

void GridRun::bring_in(BlockRun& block) {
  if (in_place_ == &block) return;
  if (in_place_ != nullptr) in_place_->shared().keep_aside();
  block.shared().put_in_place();
  in_place_ = &block;
}

void GridRun::run_block(size_t which) {
  BlockRun& block = *resident_[which];
  bring_in(block);
  blockIdx = block.index();
  block_of_process = &block;
  block.run_phase();
  block_of_process = nullptr;
  if (!block.has_ended()) return;
  block.shared().clear_place();
  in_place_ = nullptr;
  resident_.erase(resident_.begin() + static_cast<std::ptrdiff_t>(which));
}

void GridRun::run() {
  grid_of_process = this;
  gridDim = launch_.grid;
  blockDim = launch_.block;
  for (start_blocks(); !resident_.empty() && !has_failed(); start_blocks()) {
    run_block(choose_block());
  }
  resident_.clear();
  grid_of_process = nullptr;
  if (!has_failed()) {
    if (const auto damage = DeviceMemory::instance().first_damage()) {
      fault_ = kernel_name(launch_.kernel) + ": " + *damage;
    }
  }
  if (has_failed()) throw KernelFault(*fault_ + " [" + schedule_.describe() + "]");
}

void GridRun::fail(const BlockRun& block, std::optional<uint3> thread, const std::string& what) {
  if (has_failed()) return;
  fault_ = kernel_name(launch_.kernel) + ": block " + text_of(block.index());
  if (thread) *fault_ += ", thread " + text_of(*thread);
  *fault_ += ": " + what;
}

std::string GridRun::describe_address(const void* address) const {
  if (const auto text = DeviceMemory::instance().describe(address)) return *text;
  if (ThreadStacks::instance().is_guard(address)) return "overflows its stack";
  if (in_place_ != nullptr && in_place_->shared().is_dynamic_guard(address)) {
    return "touches memory beyond its dynamic shared memory of " +
           std::to_string(launch_.dynamic_shared_bytes) + " bytes";
  }
  return "touches an address that is no device memory";
}

}  // namespace reprotrain::emulated_cuda
