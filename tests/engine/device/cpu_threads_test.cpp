// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cpu_threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <vector>

namespace reprotrain::engine {
namespace {

TEST(CpuThreads, EveryIndexIsVisitedOnce) {
  for (int n_threads : {1, 2, 7}) {
    const CpuThreads threads(n_threads);
    for (int64_t n : {0, 1, 31, 33, 1025, 65537}) {
      std::vector<std::atomic<int>> visits(static_cast<size_t>(n));
      threads.for_ranges(n, 16, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) visits[static_cast<size_t>(i)]++;
      });
      for (const auto& count : visits) ASSERT_EQ(count, 1);
    }
  }
}

TEST(CpuThreads, NoPieceIsShorterThanTheGrain) {
  for (int n_threads : {1, 2, 7}) {
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

TEST(CpuThreads, ExceptionsOfTheBodyReachTheCaller) {
  const CpuThreads threads(3);
  EXPECT_THROW(threads.for_ranges(1000, 1,
                                  [](int64_t begin, int64_t) {
                                    if (begin >= 500) throw std::runtime_error("planted");
                                  }),
               std::runtime_error);
}

}  // namespace
}  // namespace reprotrain::engine
