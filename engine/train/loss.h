// SPDX-License-Identifier: Apache-2.0
// The configured loss of a batch, and its derivative with respect to the model's outputs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/device/device_arena.h"
#include "engine/device/resident_array.h"
#include "engine/train/train_config.h"
#include "kernels/base/matrix_view.h"
#include "kernels/loss/loss_list.h"

namespace reprotrain::engine {

/// What the rows of a batch should have been: one of the two, as the loss asks. Memory of the device.
struct BatchTargets {
  std::span<const int32_t> classes;  ///< (n_rows), in class order
  std::span<const float> values;     ///< (n_rows), as the model is trained on them
};

class BatchLoss {
 public:
  /// `class_weights`: one per class, or empty for none. Throws Error(kConfig) when the loss needs a
  /// single output and the model has more.
  BatchLoss(const LossConfig& config, int64_t n_outputs, std::vector<float> class_weights,
            ComputeDevice& device);

  /// Writes the mean loss of the batch to `mean`, and its derivative with respect to `outputs`, already
  /// divided by the number of rows, to `gradient` (n_rows, n_outputs). All of it is memory of the device.
  void evaluate(kernels::ConstMatrixView outputs, const BatchTargets& targets,
                kernels::MatrixView gradient, float* mean);

 private:
  ComputeDevice& device_;
  const char* name_;
  float huber_delta_;
  std::vector<float> host_weights_;
  ResidentArray<float> class_weights_;
  FloatArena row_losses_;  // work space
};

/// Name of a loss in configurations and in the list of kernels.
const char* name_of(LossKind kind);

}  // namespace reprotrain::engine
