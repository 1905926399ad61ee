// SPDX-License-Identifier: Apache-2.0
#include "kernels/metric/roc_auc.h"

#include <algorithm>
#include <vector>

#include "kernels/base/float_bits.h"
#include "kernels/base/require.h"
#include "kernels/reduce/exact_sum.h"

namespace reprotrain::kernels {
namespace {

constexpr double kUndefined = __builtin_nan("");

/// Scores in ascending order, each with a last bit that says whether its row is positive. Empty
/// when a score is NaN.
std::vector<uint64_t> ranked_scores(const MetricInputs& inputs, int32_t positive_class) {
  std::vector<uint64_t> ranked;
  ranked.reserve(inputs.true_classes.size());
  for (size_t i = 0; i < inputs.true_classes.size(); ++i) {
    const float score = inputs.probabilities(static_cast<int64_t>(i), positive_class);
    if (is_nan(score)) return {};
    const uint64_t key = total_order_key(score == 0.0f ? 0.0f : score);
    ranked.push_back(key << 1 | (inputs.true_classes[i] == positive_class ? 1 : 0));
  }
  std::sort(ranked.begin(), ranked.end());
  return ranked;
}

double area_of_class(const MetricInputs& inputs, int32_t positive_class) {
  const std::vector<uint64_t> ranked = ranked_scores(inputs, positive_class);
  uint64_t n_positive = 0, n_negative = 0, twice_in_order = 0;
  for (size_t begin = 0; begin < ranked.size();) {
    uint64_t tied[2] = {0, 0};  // negative and positive rows of this score
    size_t end = begin;
    for (; end < ranked.size() && ranked[end] >> 1 == ranked[begin] >> 1; ++end) {
      ++tied[ranked[end] & 1];
    }
    twice_in_order += tied[1] * (2 * n_negative + tied[0]);
    n_negative += tied[0];
    n_positive += tied[1];
    begin = end;
  }
  const uint64_t n_pairs = n_positive * n_negative;
  return n_pairs == 0 ? kUndefined : rounded_ratio(twice_in_order, 2 * n_pairs);
}

bool any_nan(ConstMatrixView m) {
  for (int64_t r = 0; r < m.n_rows; ++r) {
    for (int64_t c = 0; c < m.n_columns; ++c) {
      if (is_nan(m(r, c))) return true;
    }
  }
  return false;
}

}  // namespace

double roc_auc(const MetricInputs& inputs, const Parallel& parallel) {
  require(inputs.true_classes.size() < (uint64_t{1} << 31), "roc_auc: 2^31 or more rows");
  require(inputs.probabilities.n_rows == static_cast<int64_t>(inputs.true_classes.size()),
          "metric: probabilities and classes differ in rows");
  if (inputs.n_classes == 2) return area_of_class(inputs, 1);
  if (any_nan(inputs.probabilities)) return kUndefined;

  std::vector<double> areas(static_cast<size_t>(inputs.n_classes));
  parallel.for_ranges(inputs.n_classes, 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      areas[static_cast<size_t>(c)] = area_of_class(inputs, static_cast<int32_t>(c));
    }
  });
  ExactSum64 sum;
  int64_t n_defined = 0;
  for (const double area : areas) {
    if (is_nan(area)) continue;
    sum.add(area);
    ++n_defined;
  }
  return n_defined == 0 ? kUndefined : sum.to_double() / static_cast<double>(n_defined);
}

}  // namespace reprotrain::kernels
