// SPDX-License-Identifier: Apache-2.0
// Runs a test's body under every schedule of the emulated device, or once on a GPU.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#if defined(REPROTRAIN_EMULATED_CUDA)
#include "tests/emulated_cuda/schedule.h"
#endif

namespace reprotrain::testing {

/// How often a body runs that asks for `n_schedules`: as many times as REPROTRAIN_SCHEDULES says, if
/// it says something; once on a GPU.
inline uint64_t n_schedules_wanted(uint64_t n_schedules) {
#if defined(REPROTRAIN_EMULATED_CUDA)
  const char* asked = std::getenv("REPROTRAIN_SCHEDULES");
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : n_schedules;
#else
  return std::min<uint64_t>(n_schedules, 1);
#endif
}

/// `body()` under `n_schedules` schedules, or as many as REPROTRAIN_SCHEDULES says. Expectations
/// must not depend on the schedule.
template <typename Body>
void for_each_schedule(uint64_t n_schedules, const Body& body) {
#if defined(REPROTRAIN_EMULATED_CUDA)
  n_schedules = n_schedules_wanted(n_schedules);
  ASSERT_GT(n_schedules, 0u) << "REPROTRAIN_SCHEDULES is no positive number";
  for (uint64_t index = 0; index < n_schedules; ++index) {
    const emulated_cuda::Schedule schedule{index};
    const emulated_cuda::ScheduleScope scope(schedule);
    SCOPED_TRACE(schedule.describe());
    body();
    if (::testing::Test::HasFatalFailure()) return;
  }
#else
  (void)n_schedules;
  body();
#endif
}

/// Five schedules: the three plain ones and two at random.
template <typename Body>
void for_each_schedule(const Body& body) {
  for_each_schedule(5, body);
}

}  // namespace reprotrain::testing
