// SPDX-License-Identifier: Apache-2.0
// How many processors this process may use.
#pragma once

#include <pthread.h>
#include <sched.h>

namespace reprotrain::engine {

/// At least 1; a mask set from outside (taskset, a container's cpuset) counts, a quota of time does not.
int available_processors();

/// Sends a sleeping thread to another processor than the caller's when it wakes, if it may use another.
/// Linux may otherwise wake it where its waker runs and leave it there for milliseconds, although
/// other processors idle: seen with two of them on Linux 6.18.
class Detour {
 public:
  /// Called by the waker before it wakes `sleeper`.
  void begin(pthread_t sleeper);
  /// Called by the thread that woke; it may use all its processors again.
  void end();

 private:
  cpu_set_t allowed_{};
  bool is_under_way_ = false;
};

}  // namespace reprotrain::engine
