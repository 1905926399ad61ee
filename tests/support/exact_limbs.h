// SPDX-License-Identifier: Apache-2.0
// Exact sums compared to the last of their bits, which no rounded result shows.
#pragma once

#include <cstdint>
#include <vector>

namespace reprotrain::testing {

/// The limbs of a sum without outstanding carries, and its kinds of specials: equal for equal sums.
template <typename Sum>
std::vector<int64_t> limbs_of(const Sum& sum) {
  std::vector<int64_t> limbs(Sum::kDigits);
  uint32_t specials = 0;
  sum.store(limbs.data(), specials);
  limbs.push_back(specials);
  return limbs;
}

}  // namespace reprotrain::testing
