// SPDX-License-Identifier: Apache-2.0
#include "engine/train/loss.h"

#include <cassert>
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

BatchLoss::BatchLoss(const LossConfig& config, int64_t n_outputs, std::vector<float> class_weights)
    : kernel_(kernels::find_loss(name_of(config.kind))),
      huber_delta_(static_cast<float>(config.huber_delta)),
      class_weights_(std::move(class_weights)) {
  assert(kernel_ != nullptr);
  if (config.kind != LossKind::kCrossEntropy && n_outputs != 1) {
    throw Error(ErrorKind::kConfig, "/train/loss: " + std::string(name_of(config.kind)) +
                                        " needs a model with one output, this one has " +
                                        std::to_string(n_outputs) + "; use cross_entropy");
  }
}

float BatchLoss::evaluate(kernels::ConstMatrixView outputs, const BatchTargets& targets,
                          kernels::MatrixView gradient, const kernels::Parallel& parallel) {
  row_losses_.resize(static_cast<size_t>(outputs.n_rows));
  const kernels::LossBatch batch{outputs, targets.classes, targets.values, class_weights_,
                                 huber_delta_};
  kernel_->run(batch, row_losses_, gradient, parallel);
  return kernels::mean_loss(row_losses_, parallel);
}

}  // namespace reprotrain::engine
