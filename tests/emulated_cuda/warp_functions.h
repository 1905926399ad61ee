// SPDX-License-Identifier: Apache-2.0
// CUDA's shuffles and votes: meetings of the lanes in a mask.
#pragma once

#include <cstdint>
#include <type_traits>

#include "tests/emulated_cuda/thread_services.h"

namespace reprotrain::emulated_cuda {

template <typename T>
struct ShuffleInput {
  T value;
  int source;
};

template <typename T>
void shuffle_lanes(const WarpLanes& lanes) {
  for (int lane = 0; lane < 32; ++lane) {
    if ((lanes.participants >> lane & 1u) == 0) continue;
    const int source = static_cast<const ShuffleInput<T>*>(lanes.input[lane])->source;
    if ((lanes.participants >> source & 1u) == 0) {
      report_fault("shuffles from a lane that does not take part");
    }
    *static_cast<T*>(lanes.output[lane]) =
        static_cast<const ShuffleInput<T>*>(lanes.input[source])->value;
  }
}

template <typename T>
T shuffle(uint32_t mask, T value, int source, Site site) {
  static_assert(std::is_arithmetic_v<T> && sizeof(T) >= 4, "CUDA has no such shuffle");
  const ShuffleInput<T> input{value, source};
  T result{};
  warp_collective(mask, shuffle_lanes<T>, &input, &result, site);
  return result;
}

/// The lanes of the mask whose predicate holds.
uint32_t ballot(uint32_t mask, bool predicate, Site site);

}  // namespace reprotrain::emulated_cuda

// NOLINTBEGIN(bugprone-reserved-identifier): CUDA's names.
template <typename T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  const int lane = reprotrain::emulated_cuda::lane_of_thread();
  const int from = (lane & ~(width - 1)) | (source & (width - 1));
  return reprotrain::emulated_cuda::shuffle(mask, value, from, {file, line});
}

template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                 const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  const int lane = reprotrain::emulated_cuda::lane_of_thread();
  const bool inside = static_cast<unsigned>(lane & (width - 1)) >= delta;
  const int from = inside ? lane - static_cast<int>(delta) : lane;
  return reprotrain::emulated_cuda::shuffle(mask, value, from, {file, line});
}

template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                   const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  const int lane = reprotrain::emulated_cuda::lane_of_thread();
  const bool inside =
      static_cast<unsigned>(lane & (width - 1)) + delta < static_cast<unsigned>(width);
  const int from = inside ? lane + static_cast<int>(delta) : lane;
  return reprotrain::emulated_cuda::shuffle(mask, value, from, {file, line});
}

template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lane_bits, int width = 32,
                  const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  const int lane = reprotrain::emulated_cuda::lane_of_thread();
  const int other = lane ^ lane_bits;
  const int from = other <= (lane | (width - 1)) ? other : lane;
  return reprotrain::emulated_cuda::shuffle(mask, value, from, {file, line});
}

inline unsigned __ballot_sync(unsigned mask, int predicate, const char* file = __builtin_FILE(),
                              int line = __builtin_LINE()) {
  return reprotrain::emulated_cuda::ballot(mask, predicate != 0, {file, line});
}
inline int __any_sync(unsigned mask, int predicate, const char* file = __builtin_FILE(),
                      int line = __builtin_LINE()) {
  return reprotrain::emulated_cuda::ballot(mask, predicate != 0, {file, line}) != 0;
}
inline int __all_sync(unsigned mask, int predicate, const char* file = __builtin_FILE(),
                      int line = __builtin_LINE()) {
  return reprotrain::emulated_cuda::ballot(mask, predicate == 0, {file, line}) == 0;
}
inline void __syncwarp(unsigned mask = 0xffffffffu, const char* file = __builtin_FILE(),
                       int line = __builtin_LINE()) {
  reprotrain::emulated_cuda::ballot(mask, true, {file, line});
}
// NOLINTEND(bugprone-reserved-identifier)
