// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/column_statistics.h"

#include <algorithm>
#include <vector>

#include "kernels/base/float_bits.h"
#include "kernels/reduce/exact_moments.h"
#include "kernels/reduce/exact_sum.h"

namespace reprotrain::kernels {
namespace {

constexpr double kNan = __builtin_nan("");

/// Inverse of total_order_key.
float value_of_key(uint32_t key) {
  return float_from_bits((key & 0x80000000u) != 0 ? key & 0x7fffffffu : ~key);
}

/// Calls `use(value)` for every value that is not missing.
template <typename Use>
void for_each_value(const StridedColumn& column, Use use) {
  for (const int64_t row : column.rows) {
    const float value = column.data[row * column.stride];
    if (!is_nan(value)) use(value);
  }
}

/// Gathers values and sums them, and their squares, a block at a time.
class MomentSums {
 public:
  void add(float value) {
    block_[n_in_block_++] = value;
    if (n_in_block_ == kBlock) flush();
  }
  void flush() {
    const std::span<const float> block(block_, n_in_block_);
    add_terms(block, sum);
    add_squares(block, sum_of_squares);
    n_in_block_ = 0;
  }

  ExactSum sum;
  ExactSum sum_of_squares;

 private:
  static constexpr size_t kBlock = 2048;
  float block_[kBlock];
  size_t n_in_block_ = 0;
};

}  // namespace

ColumnMoments column_moments(const StridedColumn& column) {
  int64_t count = 0;
  uint32_t min_key = 0xffffffffu;
  uint32_t max_key = 0;
  MomentSums sums;
  for_each_value(column, [&](float value) {
    const uint32_t key = total_order_key(value);
    min_key = std::min(min_key, key);
    max_key = std::max(max_key, key);
    sums.add(value);
    ++count;
  });
  sums.flush();
  if (count == 0) {
    return {0, static_cast<float>(kNan), static_cast<float>(kNan), kNan, kNan};
  }
  return {count, value_of_key(min_key), value_of_key(max_key), exact_mean(sums.sum, count),
          exact_variance(sums.sum, sums.sum_of_squares, count)};
}

double column_median(const StridedColumn& column) {
  std::vector<uint32_t> keys;
  keys.reserve(column.rows.size());
  for_each_value(column, [&](float value) { keys.push_back(total_order_key(value)); });
  if (keys.empty()) return kNan;
  const auto middle = keys.begin() + static_cast<std::ptrdiff_t>((keys.size() - 1) / 2);
  std::nth_element(keys.begin(), middle, keys.end());
  const auto lower = static_cast<double>(value_of_key(*middle));
  if (keys.size() % 2 == 1) return lower;
  const uint32_t upper_key = *std::min_element(middle + 1, keys.end());
  return canonical((lower + static_cast<double>(value_of_key(upper_key))) / 2.0);
}

float column_most_frequent(const StridedColumn& column) {
  std::vector<uint32_t> keys;
  keys.reserve(column.rows.size());
  for_each_value(
      column, [&](float value) { keys.push_back(total_order_key(value == 0.0f ? 0.0f : value)); });
  if (keys.empty()) return static_cast<float>(kNan);
  std::sort(keys.begin(), keys.end());
  uint32_t best_key = keys.front();
  std::ptrdiff_t best_count = 0;
  for (auto run = keys.begin(); run != keys.end();) {
    const auto run_end = std::upper_bound(run, keys.end(), *run);
    if (run_end - run > best_count) {
      best_key = *run;
      best_count = run_end - run;
    }
    run = run_end;
  }
  return value_of_key(best_key);
}

}  // namespace reprotrain::kernels
