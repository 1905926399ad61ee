// SPDX-License-Identifier: Apache-2.0
#include "tests/support/adversarial_parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace reprotrain::testing {
namespace {

using Pieces = std::set<std::pair<int64_t, int64_t>>;

Pieces pieces_of_one_call(const AdversarialParallel& parallel, int64_t n) {
  Pieces pieces;
  std::mutex mutex;
  parallel.for_ranges(n, 1, [&](int64_t begin, int64_t end) {
    const std::lock_guard lock(mutex);
    pieces.emplace(begin, end);
  });
  return pieces;
}

TEST(AdversarialParallel, PiecesAreDisjointAndCoverTheRange) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const AdversarialParallel parallel(seed);
    for (int64_t n : {0, 1, 2, 31, 257}) {
      int64_t covered = 0;
      for (const auto& [begin, end] : pieces_of_one_call(parallel, n)) {
        EXPECT_EQ(begin, covered);
        EXPECT_LT(begin, end);
        covered = end;
      }
      EXPECT_EQ(covered, n);
    }
  }
}

TEST(AdversarialParallel, SecondCallCutsTheSameRangeDifferently) {
  const AdversarialParallel parallel(7);
  EXPECT_NE(pieces_of_one_call(parallel, 1025), pieces_of_one_call(parallel, 1025));
}

TEST(AdversarialParallel, SameSeedCutsTheSameWay) {
  EXPECT_EQ(pieces_of_one_call(AdversarialParallel(7), 1025),
            pieces_of_one_call(AdversarialParallel(7), 1025));
  EXPECT_NE(pieces_of_one_call(AdversarialParallel(7), 1025),
            pieces_of_one_call(AdversarialParallel(8), 1025));
}

TEST(AdversarialParallel, TwoPiecesRunAtTheSameTime) {
  std::atomic<int> inside = 0;
  std::atomic<bool> met = false;
  AdversarialParallel(3).for_ranges(2, 1, [&](int64_t, int64_t) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    ++inside;
    while (!met && std::chrono::steady_clock::now() < deadline) {
      if (inside == 2) met = true;
      std::this_thread::yield();
    }
  });
  EXPECT_TRUE(met);
}

TEST(AdversarialParallel, ExceptionsOfTheBodyReachTheCaller) {
  const auto failing = [](int64_t begin, int64_t) {
    if (begin == 0) throw std::runtime_error("planted");
  };
  EXPECT_THROW(AdversarialParallel(1).for_ranges(100, 1, failing), std::runtime_error);
}

TEST(AdversarialParallel, BodyMayUseItToo) {
  const AdversarialParallel parallel(2);
  std::vector<std::atomic<int>> visits(33 * 31);
  parallel.for_ranges(33, 1, [&](int64_t row_begin, int64_t row_end) {
    for (int64_t row = row_begin; row < row_end; ++row) {
      parallel.for_ranges(31, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) visits[static_cast<size_t>(row * 31 + i)]++;
      });
    }
  });
  for (const auto& count : visits) ASSERT_EQ(count, 1);
}

}  // namespace
}  // namespace reprotrain::testing
