// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_cuda/schedule.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace reprotrain::emulated_cuda {
namespace {

Schedule current;
uint64_t n_launches = 0;

}  // namespace

uint64_t Choices::word() {
  uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ z >> 27) * 0x94D049BB133111EBull;
  return z ^ z >> 31;
}

ThreadOrder Schedule::order() const {
  switch (index) {
    case 0:
      return ThreadOrder::kAscending;
    case 1:
      return ThreadOrder::kDescending;
    case 2:
      return ThreadOrder::kOneWarpAhead;
    default:
      return index % 2 == 1 ? ThreadOrder::kRandom : ThreadOrder::kRandomWarps;
  }
}

int Schedule::n_multiprocessors() const {
  constexpr std::array kCounts = {1, 132, 7, 40, 2};
  return kCounts[index % kCounts.size()];
}

std::vector<uint64_t> Schedule::block_order(uint64_t n_blocks, Choices& choices) const {
  std::vector<uint64_t> blocks(n_blocks);
  std::iota(blocks.begin(), blocks.end(), uint64_t{0});
  if (order() == ThreadOrder::kDescending) std::reverse(blocks.begin(), blocks.end());
  if (!is_random()) return blocks;
  for (uint64_t i = n_blocks; i > 1; --i) std::swap(blocks[i - 1], blocks[choices.word() % i]);
  return blocks;
}

uint32_t Schedule::n_resident_blocks(Choices& choices) const {
  return is_random() ? 1 + choices.below(3) : 1 + static_cast<uint32_t>(index / 2);
}

std::string Schedule::describe() const {
  constexpr std::array kNames = {"ascending", "descending", "one warp ahead", "random",
                                 "random warps"};
  return "schedule " + std::to_string(index) + " (" + kNames[static_cast<size_t>(order())] + ")";
}

Schedule current_schedule() { return current; }

ScheduleScope::ScheduleScope(Schedule schedule) : previous_(current) {
  current = schedule;
  n_launches = 0;
}
ScheduleScope::~ScheduleScope() { current = previous_; }

Choices choices_of_next_launch() {
  Choices mixing(current.index);
  return Choices(mixing.word() + ++n_launches);
}

}  // namespace reprotrain::emulated_cuda
