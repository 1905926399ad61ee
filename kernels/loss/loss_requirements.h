// SPDX-License-Identifier: Apache-2.0
// What losses refuse, on every device: all that is visible without reading the arrays. The classes
// are read where they lie in host memory: by the CPU losses, and by whoever copies them to a device.
// See also: loss_list.h.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/require.h"
#include "kernels/loss/loss_list.h"

namespace reprotrain::kernels {

/// `n_targets`: of the kind of target that the loss takes.
inline void require_matching(const LossBatch& batch, std::span<float> row_losses,
                             const MatrixView& gradient, size_t n_targets) {
  require_view(batch.outputs, "outputs");
  require_view(gradient, "gradient");
  const auto n_rows = static_cast<size_t>(batch.outputs.n_rows);
  require(batch.outputs.n_rows < (int64_t{1} << 24), "loss: a batch has 2^24 or more rows");
  require(n_targets == n_rows && row_losses.size() == n_rows &&
              gradient.n_rows == batch.outputs.n_rows &&
              gradient.n_columns == batch.outputs.n_columns,
          "loss: outputs, targets, row losses and gradient do not match");
}

/// `classes`, in host memory, index class weights and outputs: a wrong one must not. Before classes
/// go to a device they pass here once, and not again in every step there.
inline void require_classes(std::span<const int32_t> classes, int64_t n_classes) {
  for (const int32_t target : classes) {
    require(target >= 0 && target < n_classes, "loss: a target is none of the classes");
  }
}

inline void require_class_weights(const LossBatch& batch, int64_t n_classes) {
  require(
      batch.class_weights.empty() || static_cast<int64_t>(batch.class_weights.size()) == n_classes,
      "loss: class weights and classes differ in number");
}

inline void require_one_output(const LossBatch& batch) {
  require(batch.outputs.n_columns == 1, "loss: this loss takes one output a row");
}

inline void require_regression(const LossBatch& batch, std::span<float> row_losses,
                               const MatrixView& gradient) {
  require_matching(batch, row_losses, gradient, batch.values.size());
  require_one_output(batch);
}

inline void require_binary(const LossBatch& batch, std::span<float> row_losses,
                           const MatrixView& gradient) {
  require_matching(batch, row_losses, gradient, batch.classes.size());
  require_one_output(batch);
  require_class_weights(batch, 2);
}

/// The numerators stand in the gradient while the logits are still read.
inline void require_cross_entropy(const LossBatch& batch, std::span<float> row_losses,
                                  const MatrixView& gradient) {
  require_matching(batch, row_losses, gradient, batch.classes.size());
  require_class_weights(batch, batch.outputs.n_columns);
  if (batch.outputs.n_rows == 0) return;
  require(batch.outputs.n_columns >= 1, "loss: rows without outputs");
  require(batch.outputs.data != gradient.data, "loss: cross_entropy cannot work in place");
}

inline void require_softmax(const ConstMatrixView& logits, const MatrixView& probabilities) {
  require_view(logits, "logits");
  require_view(probabilities, "probabilities");
  require(logits.n_rows == probabilities.n_rows && logits.n_columns == probabilities.n_columns,
          "softmax: logits and probabilities differ in shape");
}

}  // namespace reprotrain::kernels
