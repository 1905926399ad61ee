// SPDX-License-Identifier: Apache-2.0
// Clocks, pauses and medians of the benchmarks.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <thread>
#include <vector>

namespace reprotrain::bench {

/// What the clock shows, in seconds.
inline double seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// A pause in which the threads of the contender before fall asleep: those of OpenBLAS and OpenMP
/// spin for up to 30 ms.
inline void let_threads_fall_asleep() {
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
}

/// The middle one, or the mean of the two in the middle; at least one value.
inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2.0;
}

}  // namespace reprotrain::bench
