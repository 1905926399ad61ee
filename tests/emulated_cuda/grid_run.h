// SPDX-License-Identifier: Apache-2.0
// One launch: the blocks of a grid in the schedule's order, some of them taking turns.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/emulated_cuda/block_run.h"
#include "tests/emulated_cuda/schedule.h"
#include "tests/emulated_cuda/shared_memory.h"
#include "tests/emulated_cuda/vector_types.h"

namespace reprotrain::emulated_cuda {

struct KernelLaunch {
  const void* kernel;          ///< its address, for its name and module
  std::function<void()> call;  ///< what every thread does
  dim3 grid;
  dim3 block;
  size_t dynamic_shared_bytes;
};

/// Runs all threads of the grid on the calling host thread. Throws KernelFault.
void run_grid(const KernelLaunch& launch);

class GridRun {
 public:
  GridRun(const KernelLaunch& launch, Schedule schedule, Choices choices);
  void run();

  /// The block whose thread runs; nullptr outside kernels.
  static BlockRun* running_block();
  /// The launch under way.
  static GridRun& running();

  const KernelLaunch& launch() const { return launch_; }
  const Schedule& schedule() const { return schedule_; }
  Choices& choices() { return choices_; }
  StaticShared static_shared() const { return static_shared_; }

  /// Notes the first fault; the grid stops.
  void fail(const BlockRun& block, std::optional<uint3> thread, const std::string& what);
  bool has_failed() const { return fault_.has_value(); }
  std::string describe_address(const void* address) const;
  /// Something other than spinning happened.
  void note_progress() { n_steps_without_progress_ = 0; }
  /// Counts a step; false when nothing has happened for very many.
  bool may_go_on() { return ++n_steps_without_progress_ < kPatience; }

 private:
  static constexpr uint64_t kPatience = 5'000'000;

  void start_blocks();
  size_t choose_block();
  void bring_in(BlockRun& block);
  void run_block(size_t which);

  const KernelLaunch& launch_;
  Schedule schedule_;
  Choices choices_;
  StaticShared static_shared_;
  KeptVariables kept_;
  std::vector<uint64_t> order_;
  size_t n_started_ = 0;
  uint32_t n_resident_;
  std::vector<std::unique_ptr<BlockRun>> resident_;
  BlockRun* in_place_ = nullptr;
  size_t turn_ = 0;
  uint64_t n_steps_without_progress_ = 0;
  std::optional<std::string> fault_;
};

}  // namespace reprotrain::emulated_cuda
