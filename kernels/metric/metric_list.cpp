// SPDX-License-Identifier: Apache-2.0
#include "kernels/metric/metric_list.h"

#include "kernels/base/find_by_name.h"
#include "kernels/metric/classification.h"
#include "kernels/metric/regression.h"
#include "kernels/metric/roc_auc.h"

namespace reprotrain::kernels {
namespace {

constexpr MetricTask kClasses = MetricTask::kClassification;
constexpr MetricTask kNumbers = MetricTask::kRegression;

constexpr Metric kMetrics[] = {
    // name, task, larger is better, function
    {"accuracy", kClasses, true, accuracy}, {"log_loss", kClasses, false, log_loss},
    {"roc_auc", kClasses, true, roc_auc},   {"f1_macro", kClasses, true, f1_macro},
    {"f1_micro", kClasses, true, f1_micro}, {"rmse", kNumbers, false, rmse},
    {"mae", kNumbers, false, mae},          {"r2", kNumbers, true, r2},
};

}  // namespace

std::span<const Metric> metric_list() { return kMetrics; }

const Metric* find_metric(std::string_view name) { return find_by_name(metric_list(), name); }

}  // namespace reprotrain::kernels
