// SPDX-License-Identifier: Apache-2.0
// Rows that own what a MetricInputs views.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/metric/metric_list.h"

namespace reprotrain::kernels {

/// As MetricInputs: classification uses the first group, regression the last.
struct MetricRows {
  int32_t n_classes = 0;
  std::vector<int32_t> true_classes, predicted_classes;
  std::vector<float> probabilities;
  std::vector<float> targets, predictions;

  MetricInputs inputs() const {
    const auto n_rows = static_cast<int64_t>(true_classes.size());
    return {n_classes,         true_classes,
            predicted_classes, dense_view(probabilities.data(), n_rows, int64_t{n_classes}),
            targets,           predictions};
  }
};

}  // namespace reprotrain::kernels
