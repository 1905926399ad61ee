// SPDX-License-Identifier: Apache-2.0
#include "kernels/metric/classification.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "kernels/base/float_bits.h"
#include "kernels/base/require.h"
#include "kernels/elementwise/elementary.h"
#include "kernels/reduce/exact_moments.h"

namespace reprotrain::kernels {
namespace {

constexpr double kUndefined = __builtin_nan("");

/// Rows by how a class fared: F1 = 2 tp / (2 tp + fp + fn).
struct ClassCounts {
  uint64_t n_true = 0;       // tp + fn
  uint64_t n_predicted = 0;  // tp + fp
  uint64_t n_hit = 0;        // tp

  bool occurs() const { return n_true + n_predicted != 0; }
  double f1() const { return rounded_ratio(2 * n_hit, n_true + n_predicted); }
};

std::vector<ClassCounts> count_classes(const MetricInputs& inputs) {
  require(inputs.true_classes.size() == inputs.predicted_classes.size(),
          "metric: true and predicted classes differ in number");
  std::vector<ClassCounts> counts(static_cast<size_t>(inputs.n_classes));
  for (size_t i = 0; i < inputs.true_classes.size(); ++i) {
    const auto truth = static_cast<size_t>(inputs.true_classes[i]);
    const auto predicted = static_cast<size_t>(inputs.predicted_classes[i]);
    ++counts[truth].n_true;
    ++counts[predicted].n_predicted;
    if (truth == predicted) ++counts[truth].n_hit;
  }
  return counts;
}

ClassCounts over_all_classes(const MetricInputs& inputs) {
  ClassCounts total;
  for (const ClassCounts& counts : count_classes(inputs)) {
    total.n_true += counts.n_true;
    total.n_predicted += counts.n_predicted;
    total.n_hit += counts.n_hit;
  }
  return total;
}

/// max(p, 2^-149) and at most 1; NaN stays.
float clipped_probability(float p) {
  if (p < 0x1p-149f) return 0x1p-149f;
  return p > 1.0f ? 1.0f : p;
}

}  // namespace

void confusion_matrix(std::span<const int32_t> true_classes,
                      std::span<const int32_t> predicted_classes, int32_t n_classes,
                      std::span<int64_t> counts) {
  require(true_classes.size() == predicted_classes.size(),
          "metric: true and predicted classes differ in number");
  require(static_cast<int64_t>(counts.size()) == int64_t{n_classes} * n_classes,
          "metric: a confusion matrix is n_classes x n_classes");
  std::fill(counts.begin(), counts.end(), int64_t{0});
  for (size_t i = 0; i < true_classes.size(); ++i) {
    const int64_t cell = int64_t{true_classes[i]} * n_classes + predicted_classes[i];
    ++counts[static_cast<size_t>(cell)];
  }
}

double accuracy(const MetricInputs& inputs, const Parallel& /*parallel*/) {
  const ClassCounts total = over_all_classes(inputs);
  return total.n_true == 0 ? kUndefined : rounded_ratio(total.n_hit, total.n_true);
}

double f1_micro(const MetricInputs& inputs, const Parallel& /*parallel*/) {
  const ClassCounts total = over_all_classes(inputs);
  return total.n_true == 0 ? kUndefined : total.f1();
}

double f1_macro(const MetricInputs& inputs, const Parallel& /*parallel*/) {
  ExactSum64 sum;
  int64_t n_occurring = 0;
  for (const ClassCounts& counts : count_classes(inputs)) {
    if (!counts.occurs()) continue;
    sum.add(counts.f1());
    ++n_occurring;
  }
  return n_occurring == 0 ? kUndefined : sum.to_double() / static_cast<double>(n_occurring);
}

double log_loss(const MetricInputs& inputs, const Parallel& parallel) {
  const auto n_rows = static_cast<int64_t>(inputs.true_classes.size());
  if (n_rows == 0) return kUndefined;
  require(inputs.probabilities.n_rows == n_rows,
          "metric: probabilities and classes differ in rows");
  ExactSum total;
  std::mutex merging;
  parallel.for_ranges(n_rows, 1024, [&](int64_t begin, int64_t end) {
    ExactSum piece;
    for (int64_t i = begin; i < end; ++i) {
      const float p = inputs.probabilities(i, inputs.true_classes[static_cast<size_t>(i)]);
      piece.add(-rounded::log(clipped_probability(p)));
    }
    const std::lock_guard lock(merging);
    total.merge(piece);
  });
  return exact_mean(total, n_rows);
}

}  // namespace reprotrain::kernels
