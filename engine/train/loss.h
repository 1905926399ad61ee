// SPDX-License-Identifier: Apache-2.0
// The configured loss of a batch, and its derivative with respect to the model's outputs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/train/train_config.h"
#include "kernels/base/matrix_view.h"
#include "kernels/base/parallel.h"
#include "kernels/loss/loss_list.h"

namespace reprotrain::engine {

/// What the rows of a batch should have been: one of the two, as the loss asks.
struct BatchTargets {
  std::span<const int32_t> classes;  ///< (n_rows), in class order
  std::span<const float> values;     ///< (n_rows), as the model is trained on them
};

class BatchLoss {
 public:
  /// `class_weights`: one per class, or empty for none. Throws Error(kConfig) when the loss needs a
  /// single output and the model has more.
  BatchLoss(const LossConfig& config, int64_t n_outputs, std::vector<float> class_weights);

  /// Mean loss of the batch; `gradient` (n_rows, n_outputs) receives its derivative with respect to
  /// `outputs`, already divided by the number of rows.
  float evaluate(kernels::ConstMatrixView outputs, const BatchTargets& targets,
                 kernels::MatrixView gradient, const kernels::Parallel& parallel);

 private:
  const kernels::LossKernel* kernel_;
  float huber_delta_;
  std::vector<float> class_weights_;
  std::vector<float> row_losses_;  // work space
};

/// Name of a loss in configurations and in the list of kernels.
const char* name_of(LossKind kind);

}  // namespace reprotrain::engine
