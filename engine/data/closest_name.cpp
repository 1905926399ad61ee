// SPDX-License-Identifier: Apache-2.0
#include "engine/data/closest_name.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace reprotrain::engine {

namespace {

// Names longer than this are not compared: the table of distances grows with the square.
constexpr size_t kLongestName = 256;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

int64_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the dynamic programme; row i holds the distances from a[0, i) to every b[0, j).
  std::vector<int64_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int64_t>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = static_cast<int64_t>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string closest_name(std::string_view name, std::span<const std::string> known) {
  if (name.size() > kLongestName) return "";
  std::string best;
  int64_t best_distance = 0;
  for (const std::string& candidate : known) {
    if (candidate.size() > kLongestName) continue;
    const auto longer = static_cast<int64_t>(std::max(name.size(), candidate.size()));
    const int64_t distance = edit_distance(name, candidate);
    if (distance > (longer + 2) / 3 || distance == longer) continue;
    if (best.empty() || distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view name, std::span<const std::string> known) {
  const std::string best = closest_name(name, known);
  return best.empty() ? "" : "; did you mean \"" + best + "\"?";
}

}  // namespace reprotrain::engine
