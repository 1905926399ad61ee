// SPDX-License-Identifier: Apache-2.0
// The threads of a block that can run, and which of them is next.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "tests/emulated_cuda/schedule.h"

namespace reprotrain::emulated_cuda {

class ReadySet {
 public:
  static constexpr uint32_t kMaxThreads = 1024;

  bool empty() const { return size_ == 0; }
  void insert(uint32_t thread) {
    const uint32_t bit = 1u << thread % 32;
    size_ += (warps_[thread / 32] & bit) == 0 ? 1 : 0;
    warps_[thread / 32] |= bit;
  }
  /// Removes and returns the next thread. Requires a thread.
  uint32_t take(ThreadOrder order, uint32_t favoured_warp, Choices& choices) {
    const uint32_t thread = next(order, favoured_warp, choices);
    warps_[thread / 32] &= ~(1u << thread % 32);
    --size_;
    return thread;
  }

 private:
  static constexpr uint32_t kWarps = kMaxThreads / 32;

  uint32_t next(ThreadOrder order, uint32_t favoured_warp, Choices& choices) const {
    switch (order) {
      case ThreadOrder::kAscending:
        return lowest_from(0);
      case ThreadOrder::kDescending:
        return highest();
      case ThreadOrder::kOneWarpAhead:
        return warps_[favoured_warp] != 0 ? lowest_of(favoured_warp) : lowest_from(0);
      case ThreadOrder::kRandomWarps:
        return highest_of(any(choices) / 32);
      case ThreadOrder::kRandom:
        break;
    }
    return any(choices);
  }
  uint32_t lowest_of(uint32_t warp) const {
    return warp * 32 + static_cast<uint32_t>(std::countr_zero(warps_[warp]));
  }
  uint32_t highest_of(uint32_t warp) const {
    return warp * 32 + 31 - static_cast<uint32_t>(std::countl_zero(warps_[warp]));
  }
  /// The first warp with a thread from `warp` on, in a circle.
  uint32_t warp_from(uint32_t warp) const {
    while (warps_[warp] == 0) warp = (warp + 1) % kWarps;
    return warp;
  }
  uint32_t lowest_from(uint32_t warp) const { return lowest_of(warp_from(warp)); }
  uint32_t highest() const {
    uint32_t warp = kWarps - 1;
    while (warps_[warp] == 0) --warp;
    return highest_of(warp);
  }
  /// The n-th thread in the set, n uniform.
  uint32_t any(Choices& choices) const {
    uint32_t n = choices.below(size_);
    uint32_t warp = 0;
    for (; n >= static_cast<uint32_t>(std::popcount(warps_[warp])); ++warp) {
      n -= static_cast<uint32_t>(std::popcount(warps_[warp]));
    }
    uint32_t lanes = warps_[warp];
    for (; n > 0; --n) lanes &= lanes - 1;
    return warp * 32 + static_cast<uint32_t>(std::countr_zero(lanes));
  }

  std::array<uint32_t, kWarps> warps_{};
  uint32_t size_ = 0;
};

}  // namespace reprotrain::emulated_cuda
