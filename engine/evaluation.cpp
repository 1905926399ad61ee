// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluation.h"

#include <algorithm>

#include "engine/data/closest_name.h"
#include "engine/predict.h"
#include "include/reprotrain/error.h"
#include "kernels/metric/classification.h"
#include "kernels/metric/metric_list.h"

namespace reprotrain::engine {

namespace {

kernels::MetricTask task_of(const Target& target) {
  return target.task == Task::kRegression ? kernels::MetricTask::kRegression
                                          : kernels::MetricTask::kClassification;
}

std::vector<std::string> usual_metrics(const Target& target) {
  if (target.task == Task::kRegression) return {"rmse", "mae", "r2"};
  return {"accuracy", "log_loss", "f1_macro", "roc_auc"};
}

void require_metric(const std::string& name, const std::string& key, const Target& target) {
  std::vector<std::string> suitable;
  for (const kernels::Metric& metric : kernels::metric_list()) {
    if (metric.task == task_of(target)) suitable.emplace_back(metric.name);
  }
  const kernels::Metric* metric = kernels::find_metric(name);
  if (metric == nullptr) {
    throw Error(ErrorKind::kConfig,
                key + ": there is no metric \"" + name + "\"" + did_you_mean(name, suitable));
  }
  if (metric->task == task_of(target)) return;
  std::string list;
  for (const std::string& known : suitable) list += (list.empty() ? "" : ", ") + known;
  throw Error(ErrorKind::kConfig, key + ": metric \"" + name + "\" does not suit the " +
                                      (target.task == Task::kRegression ? "numeric" : "class") +
                                      " target \"" + target.name + "\"; choose from " + list);
}

}  // namespace

MetricPlan plan_metrics(const TrainConfig& config, const Target& target, bool has_validation) {
  MetricPlan plan{config.metrics.empty() ? usual_metrics(target) : config.metrics};
  for (const std::string& name : plan.names) require_metric(name, "/train/metrics", target);
  if (!config.early_stopping) return plan;
  const std::string& watched = config.early_stopping->metric;
  require_metric(watched, "/train/early_stopping/metric", target);
  if (!has_validation) {
    throw Error(
        ErrorKind::kConfig,
        "/train/early_stopping needs validation rows; set data.split.validation or remove it");
  }
  if (std::find(plan.names.begin(), plan.names.end(), watched) == plan.names.end()) {
    plan.names.push_back(watched);
  }
  return plan;
}

Evaluation evaluate_rows(const MetricPlan& plan, const Network& network, FeatureRows& features,
                         const Target& target, std::span<const int64_t> rows) {
  const kernels::Parallel& parallel = network.device().host_threads();
  const Predictions predictions =
      interpret(raw_outputs(network, target.n_outputs(), features, rows), rows, target, parallel);
  const auto n_rows = static_cast<int64_t>(rows.size());
  const auto n_classes = static_cast<int32_t>(target.classes.size());

  std::vector<int32_t> true_classes;
  std::vector<float> true_values;
  for (int64_t row : rows) {
    if (target.task == Task::kRegression) {
      true_values.push_back(target.values[static_cast<size_t>(row)]);
    } else {
      true_classes.push_back(target.class_of_row[static_cast<size_t>(row)]);
    }
  }
  kernels::MetricInputs inputs;
  inputs.n_classes = n_classes;
  inputs.true_classes = true_classes;
  inputs.predicted_classes = predictions.classes;
  inputs.probabilities = kernels::dense_view(predictions.probabilities.data(), n_rows, n_classes);
  inputs.targets = true_values;
  inputs.predictions = predictions.values;

  Evaluation evaluation;
  for (const std::string& name : plan.names) {
    evaluation.metrics[name] = kernels::find_metric(name)->compute(inputs, parallel);
  }
  if (n_classes > 0) {
    evaluation.confusion.resize(static_cast<size_t>(n_classes) * static_cast<size_t>(n_classes));
    kernels::confusion_matrix(true_classes, predictions.classes, n_classes, evaluation.confusion);
  }
  return evaluation;
}

}  // namespace reprotrain::engine
