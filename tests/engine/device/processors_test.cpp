// SPDX-License-Identifier: Apache-2.0
#include "engine/device/processors.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace reprotrain::engine {
namespace {

/// The processors that the calling thread may use, put back at the end.
class AllowedProcessors {
 public:
  AllowedProcessors() { sched_getaffinity(0, sizeof before_, &before_); }
  ~AllowedProcessors() { sched_setaffinity(0, sizeof before_, &before_); }
  void stay_here() {
    cpu_set_t here{};
    CPU_SET(sched_getcpu(), &here);
    ASSERT_EQ(sched_setaffinity(0, sizeof here, &here), 0);
  }
  const cpu_set_t& before() const { return before_; }

 private:
  cpu_set_t before_{};
};

/// A thread that waits until it is told to end a detour.
class Sleeper {
 public:
  explicit Sleeper(Detour& detour)
      : thread_([this, &detour] {
          is_called_.wait(false);
          detour.end();
        }) {}
  ~Sleeper() {
    if (thread_.joinable()) end();
  }
  pthread_t handle() { return thread_.native_handle(); }
  cpu_set_t allowed() {
    cpu_set_t mask{};
    EXPECT_EQ(pthread_getaffinity_np(handle(), sizeof mask, &mask), 0);
    return mask;
  }
  void call() {
    is_called_ = true;
    is_called_.notify_one();
  }
  void end() {
    call();
    thread_.join();
  }

 private:
  std::atomic<bool> is_called_{false};
  std::thread thread_;
};

TEST(Detour, KeepsASleeperOffTheProcessorOfItsWakerAndEndsAfterwards) {
  AllowedProcessors processors;
  if (CPU_COUNT(&processors.before()) < 2) GTEST_SKIP() << "there is no other processor";
  Detour detour;
  Sleeper sleeper(detour);
  processors.stay_here();
  detour.begin(sleeper.handle());
  const cpu_set_t others = sleeper.allowed();
  EXPECT_FALSE(CPU_ISSET(sched_getcpu(), &others));
  EXPECT_EQ(CPU_COUNT(&others), CPU_COUNT(&processors.before()) - 1);
  detour.end();  // of this thread, which may use all of the sleeper's processors then
  cpu_set_t own{};
  ASSERT_EQ(sched_getaffinity(0, sizeof own, &own), 0);
  EXPECT_TRUE(CPU_EQUAL(&own, &processors.before()));
}

TEST(Detour, LeavesASleeperWithOneProcessorAsItIs) {
  AllowedProcessors processors;
  processors.stay_here();
  Detour detour;
  Sleeper sleeper(detour);  // inherits the one processor
  detour.begin(sleeper.handle());
  const cpu_set_t allowed = sleeper.allowed();
  EXPECT_EQ(CPU_COUNT(&allowed), 1);
  EXPECT_TRUE(CPU_ISSET(sched_getcpu(), &allowed));
}

}  // namespace
}  // namespace reprotrain::engine
