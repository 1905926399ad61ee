// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cpu_threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <chrono>
#include <ctime>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace reprotrain::engine {
namespace {

/// How often each index of [0, n) is visited, counted by what `loop` runs.
class Visits {
 public:
  explicit Visits(int64_t n) : counts_(static_cast<size_t>(n)) {}
  void add(int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) counts_[static_cast<size_t>(i)]++;
  }
  bool all_are(int expected) const {
    return std::all_of(counts_.begin(), counts_.end(),
                       [expected](const auto& count) { return count == expected; });
  }

 private:
  std::vector<std::atomic<int>> counts_;
};

TEST(CpuThreads, EveryIndexIsVisitedOnce) {
  for (int n_threads : {1, 2, 7, 40}) {
    const CpuThreads threads(n_threads);
    for (int64_t grain : {1, 16}) {
      for (int64_t n : {0, 1, 2, 31, 33, 255, 257, 1025, 65537}) {
        Visits visits(n);
        threads.for_ranges(n, grain, [&](int64_t begin, int64_t end) { visits.add(begin, end); });
        ASSERT_TRUE(visits.all_are(1)) << n << " by " << grain << " on " << n_threads;
      }
    }
  }
}

TEST(CpuThreads, EveryIndexIsVisitedOnceInManyShortLoops) {
  for (int n_threads : {2, 3, 8}) {
    const CpuThreads threads(n_threads);
    constexpr int kLoops = 2000;
    Visits visits(5);
    for (int i = 0; i < kLoops; ++i) {
      threads.for_ranges(5, 1, [&](int64_t begin, int64_t end) { visits.add(begin, end); });
    }
    EXPECT_TRUE(visits.all_are(kLoops)) << n_threads;
  }
}

TEST(CpuThreads, NoPieceIsShorterThanTheGrain) {
  for (int n_threads : {1, 2, 7, 40}) {
    const CpuThreads threads(n_threads);
    for (int64_t grain : {0, 1, 7, 16, 1000}) {
      for (int64_t n : {1, 6, 15, 16, 17, 31, 32, 33, 255, 257, 1999, 2000, 2001, 65537}) {
        std::atomic<int64_t> shortest = n;
        std::atomic<int64_t> total = 0;
        threads.for_ranges(n, grain, [&](int64_t begin, int64_t end) {
          total += end - begin;
          for (int64_t seen = shortest; end - begin < seen;) {
            if (shortest.compare_exchange_weak(seen, end - begin)) break;
          }
        });
        EXPECT_EQ(total, n);
        EXPECT_GE(shortest, std::min(grain, n)) << n << " by " << grain;
      }
    }
  }
}

/// Threads that meet in one loop: each body waits until all have come.
std::set<std::thread::id> threads_that_meet(const CpuThreads& threads) {
  std::mutex mutex;
  std::set<std::thread::id> ids;
  std::atomic<int> n_arrived = 0;
  threads.for_ranges(threads.n_threads(), 1, [&](int64_t begin, int64_t end) {
    EXPECT_EQ(end, begin + 1);
    n_arrived++;
    while (n_arrived < threads.n_threads()) std::this_thread::yield();
    const std::lock_guard lock(mutex);
    ids.insert(std::this_thread::get_id());
  });
  return ids;
}

TEST(CpuThreads, AsManyThreadsWorkAsWereAskedForHoweverFewProcessorsThereAre) {
  for (int n_threads : {2, 7, 40}) {
    const CpuThreads threads(n_threads);
    const auto ids = threads_that_meet(threads);
    EXPECT_EQ(ids.size(), static_cast<size_t>(n_threads));
    EXPECT_TRUE(ids.contains(std::this_thread::get_id()));
  }
}

TEST(CpuThreads, WorkersThatSleptComeBack) {
  const CpuThreads threads(3);
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(threads_that_meet(threads).size(), 3u);
  }
}

TEST(CpuThreads, TheCallerWaitsForAWorkerThatIsLongAtIt) {
  const CpuThreads threads(2);
  const auto caller = std::this_thread::get_id();
  for (int i = 0; i < 5; ++i) {
    std::atomic<int> n_arrived = 0;
    int finished = 0;  // by the worker, read by the caller without more ado
    threads.for_ranges(2, 1, [&](int64_t, int64_t) {
      n_arrived++;
      while (n_arrived < 2) std::this_thread::yield();
      if (std::this_thread::get_id() == caller) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      finished = 1;
    });
    EXPECT_EQ(finished, 1);
  }
}

TEST(CpuThreads, IdleWorkersUseNoProcessor) {
  const CpuThreads threads(2);
  EXPECT_EQ(threads_that_meet(threads).size(), 2u);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const std::clock_t begin = std::clock();  // the processor time of all threads
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 0.02);
}

TEST(CpuThreads, ExceptionsOfTheBodyReachTheCaller) {
  for (int n_threads : {1, 3, 8}) {
    const CpuThreads threads(n_threads);
    for (int i = 0; i < 50; ++i) {
      EXPECT_THROW(threads.for_ranges(1000, 1,
                                      [](int64_t, int64_t end) {
                                        if (end > 500) throw std::runtime_error("planted");
                                      }),
                   std::runtime_error);
      Visits visits(100);
      threads.for_ranges(100, 1, [&](int64_t begin, int64_t end) { visits.add(begin, end); });
      ASSERT_TRUE(visits.all_are(1)) << "after an exception";
    }
  }
}

TEST(CpuThreads, OneExceptionOfManyReachesTheCaller) {
  const CpuThreads threads(4);
  for (int i = 0; i < 50; ++i) {
    try {
      threads.for_ranges(4, 1, [](int64_t begin, int64_t) {
        throw std::runtime_error("piece " + std::to_string(begin));
      });
      ADD_FAILURE() << "no exception";
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(std::string(error.what()).rfind("piece ", 0), 0u);
    }
  }
}

TEST(CpuThreads, ABodyMayCallToo) {
  const CpuThreads threads(3);
  Visits visits(12 * 50);
  threads.for_ranges(12, 1, [&](int64_t row_begin, int64_t row_end) {
    for (int64_t row = row_begin; row < row_end; ++row) {
      threads.for_ranges(50, 1, [&, row](int64_t begin, int64_t end) {
        visits.add(row * 50 + begin, row * 50 + end);
      });
    }
  });
  EXPECT_TRUE(visits.all_are(1));
}

TEST(CpuThreads, SeveralThreadsMayCallAtOnce) {
  const CpuThreads threads(3);
  constexpr int kLoops = 500;
  Visits visits(100);
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&] {
      for (int loop = 0; loop < kLoops; ++loop) {
        threads.for_ranges(100, 1, [&](int64_t begin, int64_t end) { visits.add(begin, end); });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_TRUE(visits.all_are(3 * kLoops));
}

TEST(CpuThreads, BodiesRoundToNearestWhateverTheCallerDoes) {
  for (int n_threads : {1, 3}) {
    const CpuThreads threads(n_threads);
    std::fesetround(FE_UPWARD);
    std::atomic<int> n_wrong = 0;
    threads.for_ranges(64, 1, [&](int64_t, int64_t) {
      volatile float one = 1.0f;
      volatile float tiny = 0x1p-30f;
      if (one + tiny != 1.0f) n_wrong++;
    });
    volatile float one = 1.0f;
    volatile float tiny = 0x1p-30f;
    const bool caller_rounds_up = one + tiny > 1.0f;
    std::fesetround(FE_TONEAREST);
    EXPECT_EQ(n_wrong, 0);
    EXPECT_TRUE(caller_rounds_up);
  }
}

TEST(CpuThreads, TeamsComeAndGo) {
  for (int i = 0; i < 20; ++i) {
    const CpuThreads unused(4);
    const CpuThreads threads(4);
    Visits visits(8);
    threads.for_ranges(8, 1, [&](int64_t begin, int64_t end) { visits.add(begin, end); });
    ASSERT_TRUE(visits.all_are(1));
  }
}

}  // namespace
}  // namespace reprotrain::engine
