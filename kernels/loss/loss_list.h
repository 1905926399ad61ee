// SPDX-License-Identifier: Apache-2.0
// Losses over a batch of rows, one visible list: mse, huber, cross_entropy, binary_cross_entropy.
//
//   weight = class_weights[class], without weights every multiplication by it is absent
//   row_losses[i] = loss_i * weight
//   gradient[i][j] = (slope_ij * weight) / n_rows        binary32; n_rows is exact (below 2^24)
//   loss of the batch = f32(exact_sum(row_losses) / n_rows), the division in binary64
// The mean is over rows, not over weights.
// See also: regression_loss.h, classification_loss.h (one row each); docs/arithmetic.md "Losses".
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/base/matrix_view.h"
#include "kernels/base/parallel.h"

namespace reprotrain::kernels {

/// A batch and what it should have been. Regression uses `values`, classification `classes`.
struct LossBatch {
  ConstMatrixView outputs;               ///< (n_rows, n_outputs), raw outputs of the model
  std::span<const int32_t> classes;      ///< (n_rows), in [0, n_classes)
  std::span<const float> values;         ///< (n_rows)
  std::span<const float> class_weights;  ///< (n_classes), or empty
  float huber_delta = 1.0f;
};

struct LossKernel {
  std::string_view name;
  bool takes_classes;
  /// Writes `row_losses` (n_rows) and `gradient` (n_rows, n_outputs) with respect to the outputs.
  /// Regression and binary losses have one output, cross_entropy one for each class. With
  /// cross_entropy the gradient must not be the outputs.
  void (*run)(const LossBatch& batch, std::span<float> row_losses, MatrixView gradient,
              const Parallel& parallel);
};

std::span<const LossKernel> loss_list();

/// The entry of that name, or nullptr.
const LossKernel* find_loss(std::string_view name);

/// Mean of `row_losses`: f32(exact sum / n). No rows give +0.
float mean_loss(std::span<const float> row_losses, const Parallel& parallel);

/// Class probabilities of a row of logits: e[j] / sum as in cross_entropy. In place is fine.
void softmax_rows(ConstMatrixView logits, MatrixView probabilities, const Parallel& parallel);

}  // namespace reprotrain::kernels
