// SPDX-License-Identifier: Apache-2.0
// A Parallel that cuts and orders pieces as badly as it may: results must not notice.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "kernels/base/parallel.h"

namespace reprotrain::testing {

/// Cuts [0, n) into pieces of random length, down to single elements whatever the grain, and runs
/// them one by one in random order. A function of the seed and the calls before.
class AdversarialParallel final : public kernels::Parallel {
 public:
  explicit AdversarialParallel(uint64_t seed) : random_(seed) {}

  void for_ranges(int64_t n, int64_t /*grain*/, const Range& body) const override {
    std::vector<std::pair<int64_t, int64_t>> pieces;
    for (int64_t begin = 0; begin < n;) {
      const int64_t longest = std::max<int64_t>(1, n / 3);
      const int64_t length = 1 + static_cast<int64_t>(random_() % static_cast<uint64_t>(longest));
      const int64_t end = std::min(n, begin + length);
      pieces.emplace_back(begin, end);
      begin = end;
    }
    for (size_t i = pieces.size(); i > 1; --i) std::swap(pieces[i - 1], pieces[random_() % i]);
    for (const auto& [begin, end] : pieces) body(begin, end);
  }

 private:
  mutable std::mt19937_64 random_;
};

}  // namespace reprotrain::testing
