// SPDX-License-Identifier: Apache-2.0
// All metrics, one visible line each. A metric = its function plus a line in metric_list.cpp;
// look-up by name, configuration checks and tests are generated from the list.
//
// Why exact: a metric is summed over all rows of a split, in whatever batches and threads evaluated
// them, and enters the result id of a run. Counts are integers, sums are exact, and each metric
// states its final operations (docs/arithmetic.md, "Metrics").
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/base/matrix_view.h"
#include "kernels/base/parallel.h"

namespace reprotrain::kernels {

/// What metrics look at: classification metrics at the first group, regression metrics at the last.
struct MetricInputs {
  int32_t n_classes = 0;
  std::span<const int32_t> true_classes;       ///< (n_rows), in [0, n_classes)
  std::span<const int32_t> predicted_classes;  ///< (n_rows), in [0, n_classes)
  ConstMatrixView probabilities;               ///< (n_rows, n_classes); two columns when binary

  std::span<const float> targets;      ///< (n_rows), in the units of the data
  std::span<const float> predictions;  ///< (n_rows)
};

enum class MetricTask { kClassification, kRegression };

struct Metric {
  std::string_view name;
  MetricTask task;
  bool larger_is_better;
  /// No rows give NaN, the canonical one; so does what a metric's own rules leave undefined.
  double (*compute)(const MetricInputs& inputs, const Parallel& parallel);
};

std::span<const Metric> metric_list();

/// The metric of that name, or nullptr.
const Metric* find_metric(std::string_view name);

}  // namespace reprotrain::kernels
