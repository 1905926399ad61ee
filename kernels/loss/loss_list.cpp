// SPDX-License-Identifier: Apache-2.0
#include "kernels/loss/loss_list.h"

#include <array>

#include "kernels/base/find_by_name.h"
#include "kernels/base/vector_loop.h"
#include "kernels/elementwise/elementary_array.h"
#include "kernels/loss/classification_loss.h"
#include "kernels/loss/loss_requirements.h"
#include "kernels/loss/loss_rows.h"
#include "kernels/loss/regression_loss.h"
#include "kernels/reduce/exact_sum.h"

namespace reprotrain::kernels {

namespace {

/// Rows worth another thread when each costs some transcendental functions.
constexpr int64_t kRowGrain = 64;

/// The steps of a softmax over rows [begin, end): transcendental functions run over whole stretches
/// of memory, because rows are often shorter than a vector.
struct SoftmaxRows {
  ConstMatrixView logits;
  MatrixView numerators;

  void compute(int64_t begin, int64_t end) const {
    const int64_t n = logits.n_columns;
    for (int64_t row = begin; row < end; ++row) {
      const float* z = logits.row(row);
      const float top = largest_logit(z, n);
      float* shifted = numerators.row(row);
      for (int64_t j = 0; j < n; ++j) shifted[j] = z[j] - top;
    }
    if (numerators.row_stride == n) {
      rounded::exp_array(numerators.row(begin), numerators.row(begin), (end - begin) * n);
      return;
    }
    for (int64_t row = begin; row < end; ++row) {
      rounded::exp_array(numerators.row(row), numerators.row(row), n);
    }
  }
};

/// Rows [begin, end). `row_losses` holds the sums, then their logarithms, then the losses.
void cross_entropy_rows(const LossBatch& batch, float* row_losses, const MatrixView& gradient,
                        int64_t begin, int64_t end) {
  const int64_t n = batch.outputs.n_columns;
  const float n_rows = static_cast<float>(batch.outputs.n_rows);
  SoftmaxRows{batch.outputs, gradient}.compute(begin, end);
  for (int64_t row = begin; row < end; ++row) {
    const int32_t target = batch.classes[static_cast<size_t>(row)];
    float* slope = gradient.row(row);
    const float sum = softmax_sum(slope, n);
    row_losses[row] = sum;
    for (int64_t j = 0; j < n; ++j) slope[j] = CrossEntropy::slope(slope[j], sum, j == target);
    if (!batch.class_weights.empty()) {
      const float weight = batch.class_weights[static_cast<size_t>(target)];
      for (int64_t j = 0; j < n; ++j) slope[j] = slope[j] * weight;
    }
    for (int64_t j = 0; j < n; ++j) slope[j] = slope[j] / n_rows;
  }
  rounded::log_array(row_losses + begin, row_losses + begin, end - begin);
  for (int64_t row = begin; row < end; ++row) {
    const int32_t target = batch.classes[static_cast<size_t>(row)];
    const float* z = batch.outputs.row(row);
    float loss = CrossEntropy::loss(row_losses[row], z[target], largest_logit(z, n));
    if (!batch.class_weights.empty()) {
      loss = loss * batch.class_weights[static_cast<size_t>(target)];
    }
    row_losses[row] = loss;
  }
}

void mean_squared_error(const LossBatch& batch, std::span<float> row_losses, MatrixView gradient,
                        const Parallel& parallel) {
  require_regression(batch, row_losses, gradient);
  parallel_row_loop(RegressionRow<MeanSquaredError>{{}, rows_of(batch, row_losses, gradient)},
                    batch.outputs.n_rows, parallel, kElementGrain);
}

void huber(const LossBatch& batch, std::span<float> row_losses, MatrixView gradient,
           const Parallel& parallel) {
  require_regression(batch, row_losses, gradient);
  parallel_row_loop(RegressionRow<Huber>{{batch.huber_delta}, rows_of(batch, row_losses, gradient)},
                    batch.outputs.n_rows, parallel, kElementGrain);
}

void cross_entropy(const LossBatch& batch, std::span<float> row_losses, MatrixView gradient,
                   const Parallel& parallel) {
  require_cross_entropy(batch, row_losses, gradient);
  require_classes(batch.classes, batch.outputs.n_columns);
  parallel.for_ranges(batch.outputs.n_rows, kRowGrain, [&](int64_t begin, int64_t end) {
    cross_entropy_rows(batch, row_losses.data(), gradient, begin, end);
  });
}

void binary_cross_entropy(const LossBatch& batch, std::span<float> row_losses, MatrixView gradient,
                          const Parallel& parallel) {
  require_binary(batch, row_losses, gradient);
  require_classes(batch.classes, 2);
  parallel_row_loop(BinaryCrossEntropyRow<>{rows_of(batch, row_losses, gradient)},
                    batch.outputs.n_rows, parallel, kRowGrain);
}

constexpr std::array kLosses = {
    LossKernel{"mse", false, mean_squared_error},
    LossKernel{"huber", false, huber},
    LossKernel{"cross_entropy", true, cross_entropy},
    LossKernel{"binary_cross_entropy", true, binary_cross_entropy},
};

}  // namespace

std::span<const LossKernel> loss_list() { return kLosses; }

const LossKernel* find_loss(std::string_view name) { return find_by_name(loss_list(), name); }

float mean_loss(std::span<const float> row_losses, const Parallel& parallel) {
  if (row_losses.empty()) return 0.0f;
  return static_cast<float>(exact_sum(row_losses, parallel) /
                            static_cast<double>(row_losses.size()));
}

void softmax_rows(ConstMatrixView logits, MatrixView probabilities, const Parallel& parallel) {
  require_softmax(logits, probabilities);
  if (logits.n_columns == 0) return;
  parallel.for_ranges(logits.n_rows, kRowGrain, [&](int64_t begin, int64_t end) {
    SoftmaxRows{logits, probabilities}.compute(begin, end);
    for (int64_t row = begin; row < end; ++row) {
      float* p = probabilities.row(row);
      const float sum = softmax_sum(p, logits.n_columns);
      for (int64_t j = 0; j < logits.n_columns; ++j) p[j] = CrossEntropy::slope(p[j], sum, false);
    }
  });
}

}  // namespace reprotrain::kernels
