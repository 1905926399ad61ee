// SPDX-License-Identifier: Apache-2.0
// Who runs when: the order of blocks and threads, and whatever else a kernel must not depend on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reprotrain::emulated_cuda {

/// A stream of pseudo-random choices (SplitMix64).
class Choices {
 public:
  explicit Choices(uint64_t seed) : state_(seed) {}
  uint64_t word();
  /// Uniform on 0 ... bound - 1, near enough.
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(word() % bound); }
  bool one_in(uint32_t n) { return below(n) == 0; }

 private:
  uint64_t state_;
};

enum class ThreadOrder {
  kAscending,
  kDescending,
  kOneWarpAhead,  ///< one warp runs on whenever it can, the others ascend
  kRandom,        ///< any thread, anew at every step
  kRandomWarps,   ///< any warp, its lanes descending
};

/// Schedule 0 ascends, 1 descends, 2 lets one warp run far ahead, the others are random.
///
/// A schedule also decides at which end allocations meet their guard page, what fresh memory
/// holds, and how many multiprocessors the device claims to have.
struct Schedule {
  uint64_t index = 0;

  ThreadOrder order() const;
  bool is_random() const { return index > 2; }
  bool allocations_end_at_guard() const { return index % 2 == 0; }
  uint32_t poison_word() const { return index % 2 == 0 ? 0xffffffffu : 0x7fb1b1b1u; }
  int n_multiprocessors() const;
  /// Order of the blocks of a grid.
  std::vector<uint64_t> block_order(uint64_t n_blocks, Choices& choices) const;
  /// How many blocks may be under way at the same time.
  uint32_t n_resident_blocks(Choices& choices) const;
  std::string describe() const;
};

/// The schedule of the launches and allocations that follow.
Schedule current_schedule();

/// Makes `schedule` current until the end of the scope.
class ScheduleScope {
 public:
  explicit ScheduleScope(Schedule schedule);
  ~ScheduleScope();
  ScheduleScope(const ScheduleScope&) = delete;
  ScheduleScope& operator=(const ScheduleScope&) = delete;

 private:
  Schedule previous_;
};

/// Choices for the next launch: a function of the schedule and of how many launches it has seen.
Choices choices_of_next_launch();

}  // namespace reprotrain::emulated_cuda
