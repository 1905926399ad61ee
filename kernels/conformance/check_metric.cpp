// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/check_functions.h"
#include "kernels/conformance/golden_words.h"
#include "kernels/conformance/metric_rows.h"

namespace reprotrain::kernels {
namespace {

bool metric_words(OperatorDevice& device, std::span<const std::string_view> names,
                  const MetricRows& rows, Words& out) {
  for (const std::string_view name : names) {
    double value = 0.0;
    if (!device.metric(name, rows.inputs(), value)) return false;
    out.emplace_back(name);
    out.push_back(word_of(value));
  }
  return true;
}

// In the order of the golden lines.
constexpr std::string_view kClassMetrics[] = {"accuracy", "f1_micro", "f1_macro", "log_loss",
                                              "roc_auc"};
constexpr std::string_view kNumberMetrics[] = {"rmse", "mae", "r2"};

}  // namespace

bool check_metrics_of_classes(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  MetricRows rows;
  rows.n_classes = static_cast<int32_t>(words.decimal());
  const uint64_t n = words.decimal();
  for (std::vector<int32_t>* classes : {&rows.true_classes, &rows.predicted_classes}) {
    for (uint64_t i = 0; i < n; ++i) classes->push_back(static_cast<int32_t>(words.decimal()));
  }
  rows.probabilities = words.binary32_rest();
  return metric_words(device, kClassMetrics, rows, out);
}

bool check_metrics_of_numbers(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  MetricRows rows;
  const uint64_t n = words.decimal();
  for (std::vector<float>* numbers : {&rows.predictions, &rows.targets}) {
    for (uint64_t i = 0; i < n; ++i) numbers->push_back(words.binary32());
  }
  return metric_words(device, kNumberMetrics, rows, out);
}

}  // namespace reprotrain::kernels
