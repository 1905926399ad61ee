// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/column_statistics.h"

#include <algorithm>
#include <vector>

#include "kernels/base/float_bits.h"

namespace reprotrain::kernels {
namespace {

constexpr double kNan = __builtin_nan("");

/// Calls `use(value)` for every value that is not missing.
template <typename Use>
void for_each_value(const StridedColumn& column, Use use) {
  for (const int64_t row : column.rows) {
    const float value = column.data[row * column.stride];
    if (!is_nan(value)) use(value);
  }
}

}  // namespace

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
