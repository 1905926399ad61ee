// SPDX-License-Identifier: Apache-2.0
// Rows of losses with one output: row loss and gradient of the mean, for CPU and CUDA loops.
//
//   weight       = class_weights[class]; without weights its multiplications are absent
//   row_loss     = loss * weight
//   gradient     = (slope * weight) / n_rows
// See also: regression_loss.h, classification_loss.h (loss and slope), loss_list.h.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/hd.h"
#include "kernels/base/matrix_view.h"
#include "kernels/loss/classification_loss.h"
#include "kernels/loss/loss_list.h"
#include "kernels/loss/regression_loss.h"

namespace reprotrain::kernels {

/// What a loss reads and writes, as in loss_list.h; `class_weights` null means none.
struct LossRows {
  ConstMatrixView outputs;
  const int32_t* classes;
  const float* values;
  const float* class_weights;
  float* row_losses;
  MatrixView gradient;

  RPT_HD float n_rows() const { return static_cast<float>(outputs.n_rows); }
};

inline LossRows rows_of(const LossBatch& batch, std::span<float> row_losses, MatrixView gradient) {
  return {batch.outputs,       batch.classes.data(),
          batch.values.data(), batch.class_weights.empty() ? nullptr : batch.class_weights.data(),
          row_losses.data(),   gradient};
}

template <class Loss>
struct RegressionRow {
  Loss loss;
  LossRows rows;

  RPT_HD void operator()(int64_t row) const {
    const LossAndSlope result = loss(rows.outputs(row, 0), rows.values[row]);
    rows.row_losses[row] = result.loss;
    rows.gradient(row, 0) = result.slope / rows.n_rows();
  }
};

template <rounded::EstimateIn kEstimate = rounded::EstimateIn::kBinary64>
struct BinaryCrossEntropyRow {
  LossRows rows;

  RPT_HD void operator()(int64_t row) const {
    const int32_t target = rows.classes[row];
    LossAndSlope result = BinaryCrossEntropy<kEstimate>{}(rows.outputs(row, 0), target == 1);
    if (rows.class_weights != nullptr) {
      const float weight = rows.class_weights[target];
      result = {result.loss * weight, result.slope * weight};
    }
    rows.row_losses[row] = result.loss;
    rows.gradient(row, 0) = result.slope / rows.n_rows();
  }
};

}  // namespace reprotrain::kernels
