// SPDX-License-Identifier: Apache-2.0
// A Parallel with real threads and uneven pieces, all from a seed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/base/float_state.h"
#include "kernels/base/parallel.h"

namespace reprotrain::tests {

/// Cuts [0, n) into up to `max_pieces` uneven pieces (the grain is ignored on purpose), shuffles
/// them, and runs them on `n_threads` threads, each in a StrictFloatScope.
class ThreadedParallel final : public kernels::Parallel {
 public:
  explicit ThreadedParallel(uint64_t seed, int64_t max_pieces = 13, int n_threads = 3)
      : seed_(seed), max_pieces_(max_pieces), n_threads_(n_threads) {}

  void for_ranges(int64_t n, int64_t /*grain*/, const Range& body) const override {
    if (n <= 0) return;
    const auto pieces = cut(n);
    std::vector<std::thread> threads;
    for (int t = 0; t < n_threads_; ++t) {
      threads.emplace_back([&, t] {
        const kernels::StrictFloatScope strict;
        for (size_t p = static_cast<size_t>(t); p < pieces.size();
             p += static_cast<size_t>(n_threads_)) {
          body(pieces[p].first, pieces[p].second);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

 private:
  std::vector<std::pair<int64_t, int64_t>> cut(int64_t n) const {
    uint64_t state = seed_;
    const auto draw = [&state](int64_t bound) {
      state = state * 6364136223846793005ull + 1442695040888963407ull;
      return static_cast<int64_t>((state >> 33) % static_cast<uint64_t>(bound));
    };
    std::vector<int64_t> marks = {0, n};
    for (int64_t i = 1; i < max_pieces_; ++i) marks.push_back(draw(n));
    std::sort(marks.begin(), marks.end());
    marks.erase(std::unique(marks.begin(), marks.end()), marks.end());
    std::vector<std::pair<int64_t, int64_t>> pieces;
    for (size_t i = 0; i + 1 < marks.size(); ++i) pieces.emplace_back(marks[i], marks[i + 1]);
    for (size_t i = pieces.size(); i > 1; --i) {
      std::swap(pieces[i - 1], pieces[static_cast<size_t>(draw(static_cast<int64_t>(i)))]);
    }
    return pieces;
  }

  uint64_t seed_;
  int64_t max_pieces_;
  int n_threads_;
};

}  // namespace reprotrain::tests
