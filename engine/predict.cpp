// SPDX-License-Identifier: Apache-2.0
#include "engine/predict.h"

#include <algorithm>
#include <numeric>

#include "include/reprotrain/error.h"
#include "kernels/elementwise/elementary.h"
#include "kernels/loss/loss_list.h"
#include "kernels/metric/argmax.h"

namespace reprotrain::engine {

namespace {

/// Rows of features that are gathered at a time: enough for a good matrix product, small enough for
/// a cache.
constexpr int64_t kRowsAtATime = 1024;

void classify_binary(const std::vector<float>& outputs, Predictions& predictions) {
  predictions.probabilities.reserve(outputs.size() * 2);
  for (float logit : outputs) {
    predictions.probabilities.push_back(kernels::rounded::sigmoid(-logit));
    predictions.probabilities.push_back(kernels::rounded::sigmoid(logit));
    predictions.classes.push_back(logit > 0.0f ? 1 : 0);
  }
}

void classify_softmax(const std::vector<float>& outputs, int64_t n_classes,
                      const kernels::Parallel& parallel, Predictions& predictions) {
  const auto n_rows = static_cast<int64_t>(outputs.size()) / n_classes;
  predictions.probabilities.resize(outputs.size());
  kernels::softmax_rows(kernels::dense_view(outputs.data(), n_rows, n_classes),
                        kernels::dense_view(predictions.probabilities.data(), n_rows, n_classes),
                        parallel);
  for (int64_t row = 0; row < n_rows; ++row) {
    predictions.classes.push_back(kernels::argmax(
        std::span<const float>(outputs.data() + row * n_classes, static_cast<size_t>(n_classes))));
  }
}

}  // namespace

std::vector<float> raw_outputs(const Network& network, int64_t n_outputs, FeatureRows& features,
                               std::span<const int64_t> rows) {
  ComputeDevice& device = network.device();
  RowOrder order;
  order.assign(device, rows);
  FloatArena outputs(device, order.size() * n_outputs);
  FloatArena inputs;
  for (int64_t begin = 0; begin < order.size(); begin += kRowsAtATime) {
    const int64_t n = std::min(kRowsAtATime, order.size() - begin);
    network.forward(features.gather(order, begin, n, inputs),
                    kernels::dense_view(outputs.data() + begin * n_outputs, n, n_outputs));
  }
  std::vector<float> result(outputs.span().size());
  device.download(outputs.data(), result.data(), static_cast<int64_t>(outputs.span().size_bytes()));
  return result;
}

Predictions interpret(const std::vector<float>& outputs, std::span<const int64_t> rows,
                      const Target& target, const kernels::Parallel& parallel) {
  Predictions predictions;
  predictions.rows.assign(rows.begin(), rows.end());
  switch (target.task) {
    case Task::kRegression:
      for (float output : outputs) predictions.values.push_back(unscaled(target.scale, output));
      break;
    case Task::kBinary:
      classify_binary(outputs, predictions);
      break;
    case Task::kMulticlass:
      classify_softmax(outputs, target.n_outputs(), parallel, predictions);
      break;
  }
  return predictions;
}

Predictions predict(const SavedModel& model, Table&& table) {
  const kernels::Parallel& parallel = model.network.device().host_threads();
  model.plan.apply(table, parallel);
  const FeatureMatrix features = FeaturePlan::to_matrix(std::move(table));
  if (features.names != model.feature_names) {
    throw Error(ErrorKind::kData,
                "the data gives " + std::to_string(features.names.size()) +
                    " features, the model was trained on " +
                    std::to_string(model.feature_names.size()) +
                    " or on others; use data with the columns of the training data");
  }
  std::vector<int64_t> rows(static_cast<size_t>(features.n_rows));
  std::iota(rows.begin(), rows.end(), 0);
  FeatureRows feature_rows(features, model.network.device());
  return interpret(raw_outputs(model.network, model.target.n_outputs(), feature_rows, rows), rows,
                   model.target, parallel);
}

}  // namespace reprotrain::engine
