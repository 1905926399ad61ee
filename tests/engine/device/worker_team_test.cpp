// SPDX-License-Identifier: Apache-2.0
#include "engine/device/worker_team.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <fstream>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/device/processors.h"

namespace reprotrain::engine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLongEnough = std::chrono::seconds(30);
constexpr int kRoundNumbers = 1 << 17;

/// A job that is one function.
class FunctionJob final : public WorkerTeam::Job {
 public:
  explicit FunctionJob(std::function<void(int)> body) : body_(std::move(body)) {}
  void work(int member) noexcept override { body_(member); }

 private:
  std::function<void(int)> body_;
};

void run_empty_rounds(WorkerTeam& team, int n_rounds, int n_members) {
  FunctionJob nothing([](int) {});
  for (int i = 0; i < n_rounds; ++i) ASSERT_TRUE(team.try_run(nothing, n_members));
}

/// Who works in a round whose members wait for one another: all of them, if nobody misses it.
std::vector<int> members_that_meet(WorkerTeam& team, int n_members,
                                   Clock::duration patience = kLongEnough) {
  std::mutex mutex;
  std::vector<int> members;
  std::atomic<int> n_arrived = 0;
  const auto deadline = Clock::now() + patience;
  FunctionJob job([&](int member) {
    {
      const std::lock_guard lock(mutex);
      members.push_back(member);
    }
    n_arrived++;
    while (n_arrived < n_members && Clock::now() < deadline) std::this_thread::yield();
  });
  EXPECT_TRUE(team.try_run(job, n_members));
  std::sort(members.begin(), members.end());
  return members;
}

std::vector<int> numbers_under(int n) {
  std::vector<int> numbers;
  for (int i = 0; i < n; ++i) numbers.push_back(i);
  return numbers;
}

/// The workers of a team as the system sees them.
class WorkerStates {
 public:
  WorkerStates(WorkerTeam& team, int n_workers) : ids_(static_cast<size_t>(n_workers)) {
    std::atomic<int> n_arrived = 0;
    FunctionJob job([&](int member) {
      if (member > 0) ids_[static_cast<size_t>(member - 1)] = gettid();
      n_arrived++;
      while (n_arrived <= n_workers) std::this_thread::yield();
    });
    EXPECT_TRUE(team.try_run(job, n_workers + 1));
  }

  bool all_sleep() const {
    return std::all_of(ids_.begin(), ids_.end(),
                       [](pid_t id) { return status(id, "State:").find('S') == 0; });
  }

  void await_sleep() const {
    const auto deadline = Clock::now() + kLongEnough;
    while (!all_sleep() && Clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ASSERT_TRUE(all_sleep());
  }

  /// How often each has gone to sleep.
  std::vector<int> n_sleeps() const {
    std::vector<int> counts;
    for (const pid_t id : ids_) counts.push_back(std::stoi(status(id, "voluntary_ctxt_switches:")));
    return counts;
  }

 private:
  static std::string status(pid_t id, const std::string& key) {
    std::ifstream file("/proc/self/task/" + std::to_string(id) + "/status");
    std::string word;
    while (file >> word) {
      if (word == key && file >> word) return word;
    }
    return "0";
  }

  std::vector<pid_t> ids_;
};

TEST(WorkerTeam, AllMembersMeetAfterManyEmptyRoundsWhateverTheirNumber) {
  for (const int n_workers : {1, 3}) {
    WorkerTeam team(n_workers);
    for (const int n_rounds : {0, 1, kRoundNumbers - 2, kRoundNumbers, kRoundNumbers + 1}) {
      run_empty_rounds(team, n_rounds, 1);
      EXPECT_EQ(members_that_meet(team, n_workers + 1), numbers_under(n_workers + 1)) << n_rounds;
    }
  }
}

TEST(WorkerTeam, RoundsThatNobodyNeedsMayBeEnteredByAll) {
  WorkerTeam team(2);
  run_empty_rounds(team, kRoundNumbers + 1000, 3);
  // A worker may have missed all of them, and this one has the number of its last.
  run_empty_rounds(team, 1, 3);
  EXPECT_EQ(members_that_meet(team, 3), numbers_under(3));
}

TEST(WorkerTeam, AWorkerMissesARoundWithTheNumberOfItsLastAndComesToTheNext) {
  WorkerTeam team(1);
  ASSERT_EQ(members_that_meet(team, 2), numbers_under(2));
  run_empty_rounds(team, kRoundNumbers - 1, 1);
  EXPECT_EQ(members_that_meet(team, 2, std::chrono::milliseconds(20)), numbers_under(1));
  EXPECT_EQ(members_that_meet(team, 2), numbers_under(2));
}

TEST(WorkerTeam, WorkersThatAreNotWantedSleepOn) {
  constexpr int kWorkers = 7;
  WorkerTeam team(kWorkers);
  const WorkerStates states(team, kWorkers);
  for (const int n_members : {1, 2, 4}) {
    states.await_sleep();
    const std::vector<int> before = states.n_sleeps();
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(members_that_meet(team, n_members), numbers_under(n_members));
      states.await_sleep();
    }
    const std::vector<int> after = states.n_sleeps();
    for (int member = 1; member <= kWorkers; ++member) {
      const auto i = static_cast<size_t>(member - 1);
      if (member < n_members) {
        EXPECT_GE(after[i] - before[i], 50) << member << " of " << n_members;
      } else {
        EXPECT_EQ(after[i], before[i]) << member << " of " << n_members;
      }
    }
  }
}

TEST(WorkerTeam, WorkersThatSleptThroughManyRoundsComeWhenTheyAreWanted) {
  constexpr int kWorkers = 3;
  WorkerTeam team(kWorkers);
  const WorkerStates states(team, kWorkers);
  for (int i = 0; i < 20; ++i) {
    states.await_sleep();
    run_empty_rounds(team, 1000, 2);
    EXPECT_EQ(members_that_meet(team, kWorkers + 1), numbers_under(kWorkers + 1));
  }
}

/// Gaps about as long as a worker's patience: it goes to sleep while the gate opens.
TEST(WorkerTeam, NoCallIsLostOnAWorkerThatIsFallingAsleep) {
  for (const int n_workers : {1, 3}) {
    WorkerTeam team(n_workers);
    for (int i = 0; i < 600; ++i) {
      const auto end = Clock::now() + std::chrono::nanoseconds(i % 300 * 1000);
      while (Clock::now() < end) {
      }
      ASSERT_EQ(members_that_meet(team, n_workers + 1), numbers_under(n_workers + 1));
    }
  }
}

/// Gaps as above: a caller may find a worker awake that it was about to wake.
TEST(WorkerTeam, WorkersThatWokeMayUseEveryProcessorAgain) {
  if (available_processors() < 2) GTEST_SKIP() << "a worker has a processor of its own, or stays";
  WorkerTeam team(1);
  for (int i = 0; i < 600; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(i % 300));
    std::atomic<int> n_processors = 0;
    FunctionJob job([&](int member) {
      if (member > 0) n_processors = available_processors();
      const auto deadline = Clock::now() + kLongEnough;
      while (n_processors == 0 && Clock::now() < deadline) std::this_thread::yield();
    });
    ASSERT_TRUE(team.try_run(job, 2));
    ASSERT_EQ(n_processors, available_processors()) << i;
  }
}

TEST(WorkerTeam, OnlyMembersThatAreWantedWorkAndEachOnce) {
  constexpr int kWorkers = 4;
  constexpr int kMostMembers = 7;  // more than there are
  WorkerTeam team(kWorkers);
  for (int i = 0; i < 3000; ++i) {
    const int n_members = 1 + i % kMostMembers;
    std::vector<std::atomic<int>> n_calls(kMostMembers);
    FunctionJob job([&](int member) {
      n_calls[static_cast<size_t>(member)]++;
      for (int pause = 0; pause < 4 && member == 0; ++pause) std::this_thread::yield();
    });
    ASSERT_TRUE(team.try_run(job, n_members));
    ASSERT_EQ(n_calls[0], 1);
    for (int member = 1; member < kMostMembers; ++member) {
      const bool may_work = member < n_members && member <= kWorkers;
      ASSERT_LE(n_calls[static_cast<size_t>(member)], may_work ? 1 : 0) << member;
    }
  }
}

TEST(WorkerTeam, AlternatingNumbersOfMembersMeet) {
  WorkerTeam team(4);
  for (int i = 0; i < 500; ++i) {
    const int n_members = 1 + i * 3 % 5;
    ASSERT_EQ(members_that_meet(team, n_members), numbers_under(n_members));
  }
}

TEST(WorkerTeam, WhatMembersWriteTheCallerReads) {
  WorkerTeam team(3);
  for (int i = 0; i < 2000; ++i) {
    std::vector<int> written(4);  // plain, each by its member
    FunctionJob job([&, i](int member) { written[static_cast<size_t>(member)] = i; });
    ASSERT_TRUE(team.try_run(job, 4));
    ASSERT_EQ(written[0], i);
    for (const int value : written) ASSERT_TRUE(value == 0 || value == i);
  }
}

TEST(WorkerTeam, ATeamAtWorkTakesNoOtherJob) {
  WorkerTeam team(2);
  FunctionJob nothing([](int) {});
  std::atomic<int> n_taken = 0;
  FunctionJob job([&](int) { n_taken += team.try_run(nothing, 3) ? 1 : 0; });
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(team.try_run(job, 3));
  EXPECT_EQ(n_taken, 0);
}

TEST(WorkerTeam, ExceptionsThatAJobKeepsLeaveTheTeamAsItWas) {
  constexpr int kMembers = 3;
  WorkerTeam team(kMembers - 1);
  for (int i = 0; i < 50; ++i) {
    std::vector<std::exception_ptr> failures(kMembers);
    std::atomic<int> n_arrived = 0;
    FunctionJob job([&](int member) {
      try {
        n_arrived++;
        while (n_arrived < kMembers) std::this_thread::yield();
        throw std::runtime_error("planted");
      } catch (...) {
        failures[static_cast<size_t>(member)] = std::current_exception();
      }
    });
    ASSERT_TRUE(team.try_run(job, kMembers));
    for (const auto& failure : failures) {
      EXPECT_THROW(std::rethrow_exception(failure), std::runtime_error);
    }
    ASSERT_EQ(members_that_meet(team, kMembers), numbers_under(kMembers));
  }
}

}  // namespace
}  // namespace reprotrain::engine
