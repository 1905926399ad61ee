// SPDX-License-Identifier: Apache-2.0
#include "engine/train/loss.h"

#include <string>
#include <utility>

#include "include/reprotrain/error.h"

namespace reprotrain::engine {

const char* name_of(LossKind kind) {
  switch (kind) {
    case LossKind::kMse:
      return "mse";
    case LossKind::kHuber:
      return "huber";
    case LossKind::kCrossEntropy:
      return "cross_entropy";
    case LossKind::kBinaryCrossEntropy:
      return "binary_cross_entropy";
  }
  return "";
}

BatchLoss::BatchLoss(const LossConfig& config, int64_t n_outputs, std::vector<float> class_weights,
                     ComputeDevice& device)
    : device_(device),
      name_(name_of(config.kind)),
      huber_delta_(static_cast<float>(config.huber_delta)),
      host_weights_(std::move(class_weights)),
      class_weights_(device, host_weights_) {
  if (config.kind != LossKind::kCrossEntropy && n_outputs != 1) {
    throw Error(ErrorKind::kConfig, "/train/loss: " + std::string(name_) +
                                        " needs a model with one output, this one has " +
                                        std::to_string(n_outputs) + "; use cross_entropy");
  }
}

void BatchLoss::evaluate(kernels::ConstMatrixView outputs, const BatchTargets& targets,
                         kernels::MatrixView gradient, float* mean) {
  row_losses_.reserve(device_, outputs.n_rows);
  const auto row_losses = row_losses_.span().first(static_cast<size_t>(outputs.n_rows));
  const kernels::LossBatch batch{outputs, targets.classes, targets.values, class_weights_.span(),
                                 huber_delta_};
  device_.loss(name_, batch, row_losses, gradient);
  device_.mean_loss(row_losses, mean);
}

}  // namespace reprotrain::engine
