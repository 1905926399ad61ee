// SPDX-License-Identifier: Apache-2.0
// A Parallel that cuts, orders and interleaves pieces as badly as it may: results must not notice.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <latch>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/base/float_state.h"
#include "kernels/base/parallel.h"

namespace reprotrain::testing {

/// Cuts [0, n) into uneven pieces, down to single elements whatever the grain, and runs them in
/// random order, several at the same time, on threads of its own in a StrictFloatScope.
///
/// Cuts and order are a function of the seed and of how many calls came before, so that two passes
/// over one n are cut differently. A call keeps all else to itself: a body may call for_ranges too.
/// The first exception of a body is rethrown when every thread is done.
class AdversarialParallel final : public kernels::Parallel {
 public:
  explicit AdversarialParallel(uint64_t seed, size_t n_threads = 3)
      : seed_(seed), n_threads_(n_threads) {}

  void for_ranges(int64_t n, int64_t /*grain*/, const Range& body) const override {
    if (n <= 0) return;
    Call call(pieces_of(n), body);
    const size_t n_threads = std::min(n_threads_, call.pieces.size());
    std::latch start(static_cast<std::ptrdiff_t>(n_threads));
    std::vector<std::thread> threads;
    for (size_t t = 0; t < n_threads; ++t) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        call.work();
      });
    }
    for (std::thread& thread : threads) thread.join();
    if (call.failure) std::rethrow_exception(call.failure);
  }

  /// Anything from 1 to 16, so that kernels that cut work for threads cut it in many ways.
  int n_threads() const noexcept override {
    return 1 + static_cast<int>((seed_ + calls_) * 7 % 16);
  }

 private:
  using Piece = std::pair<int64_t, int64_t>;
  static constexpr int kMaxCuts = 16;

  // What the threads of one call share.
  struct Call {
    Call(std::vector<Piece> cut, const Range& of_pieces)
        : pieces(std::move(cut)), body(of_pieces) {}

    void work() {
      const kernels::StrictFloatScope strict;
      for (size_t i = next++; i < pieces.size(); i = next++) {
        try {
          body(pieces[i].first, pieces[i].second);
        } catch (...) {
          const std::lock_guard lock(mutex);
          if (!failure) failure = std::current_exception();
        }
      }
    }

    const std::vector<Piece> pieces;
    const Range& body;
    std::atomic<size_t> next = 0;
    std::mutex mutex;
    std::exception_ptr failure;
  };

  // At least two pieces where n allows it.
  std::vector<Piece> pieces_of(int64_t n) const {
    std::seed_seq seed{seed_, seed_ >> 32, calls_++};
    std::mt19937_64 random(seed);
    const auto draw = [&random](int64_t bound) {
      return static_cast<int64_t>(random() % static_cast<uint64_t>(bound));
    };
    std::vector<int64_t> marks = {0, n};
    for (int64_t left = n < 2 ? 0 : 1 + draw(kMaxCuts); left > 0; --left) {
      marks.push_back(1 + draw(n - 1));
      if (draw(2) == 0) marks.push_back(marks.back() - 1);  // a piece of one element
    }
    std::sort(marks.begin(), marks.end());
    marks.erase(std::unique(marks.begin(), marks.end()), marks.end());
    std::vector<Piece> pieces;
    for (size_t i = 0; i + 1 < marks.size(); ++i) pieces.emplace_back(marks[i], marks[i + 1]);
    std::shuffle(pieces.begin(), pieces.end(), random);
    return pieces;
  }

  uint64_t seed_;
  size_t n_threads_;
  mutable std::atomic<uint64_t> calls_ = 0;
};

}  // namespace reprotrain::testing
