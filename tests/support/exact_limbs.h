// SPDX-License-Identifier: Apache-2.0
// Exact sums compared to the last of their bits, which no rounded result shows.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/base/float_bits.h"

namespace reprotrain::testing {

/// The limbs of a sum without outstanding carries, and what it is if it is not finite: equal for
/// equal sums.
template <typename Sum>
std::vector<int64_t> limbs_of(const Sum& sum) {
  std::vector<int64_t> limbs(Sum::kDigits);
  uint32_t specials = 0;
  sum.store(limbs.data(), specials);
  const double special = sum.finite() ? 0.0 : sum.special_value();
  limbs.push_back(static_cast<int64_t>(kernels::bits_of(special)));
  return limbs;
}

}  // namespace reprotrain::testing
