// SPDX-License-Identifier: Apache-2.0
// What has to be known of a column's values to give its moments; parts merge in any order.
//
//   count, smallest and largest value (total order), exact sum, exact sum of squares
//
// Why: columns are cut over tiles, threads and CUDA blocks.
// Determinism: integers only, up to the one rounding of each moment.
// See also: column_statistics.h (rules), exact_moments.h (the rounding).
#pragma once

#include <cstdint>

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"
#include "kernels/reduce/column_statistics.h"
#include "kernels/reduce/exact_moments.h"
#include "kernels/reduce/exact_sum.h"

namespace reprotrain::kernels {

struct MomentSums {
  int64_t count = 0;  ///< values that are not NaN
  uint32_t min_key = 0xffffffffu;
  uint32_t max_key = 0;
  ExactSum sum;
  ExactSum squares;

  /// Counts the values whose sums are added elsewhere.
  RPT_HD void note(int64_t n, uint32_t lowest_key, uint32_t highest_key) {
    count += n;
    min_key = lowest_key < min_key ? lowest_key : min_key;
    max_key = highest_key > max_key ? highest_key : max_key;
  }
  RPT_HD void merge(const MomentSums& other) {
    note(other.count, other.min_key, other.max_key);
    sum.merge(other.sum);
    squares.merge(other.squares);
  }
  RPT_HD ColumnMoments moments() const {
    const double nan = double_from_bits(0x7ff8000000000000ull);
    if (count == 0) {
      return {0, float_from_bits(0x7fc00000u), float_from_bits(0x7fc00000u), nan, nan};
    }
    return {count, value_of_key(min_key), value_of_key(max_key), exact_mean(sum, count),
            exact_variance(sum, squares, count)};
  }
};

}  // namespace reprotrain::kernels
