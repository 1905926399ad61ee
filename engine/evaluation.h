// SPDX-License-Identifier: Apache-2.0
// Metrics of a network on some rows.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/features/feature_rows.h"
#include "engine/models/network.h"
#include "engine/train/targets.h"
#include "engine/train/train_config.h"
#include "kernels/base/parallel.h"

namespace reprotrain::engine {

/// The metrics of a run: those of the configuration, or the usual ones of the task.
struct MetricPlan {
  std::vector<std::string> names;
};

/// Throws Error(kConfig) naming the metric when it is unknown or does not suit the task, and when
/// early stopping has no validation rows to look at.
MetricPlan plan_metrics(const TrainConfig& config, const Target& target, bool has_validation);

struct Evaluation {
  std::map<std::string, double> metrics;
  std::vector<int64_t> confusion;  ///< classification: (true class, predicted class)
};

Evaluation evaluate_rows(const MetricPlan& plan, const Network& network, FeatureRows& features,
                         const Target& target, std::span<const int64_t> rows);

}  // namespace reprotrain::engine
