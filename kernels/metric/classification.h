// SPDX-License-Identifier: Apache-2.0
// Metrics of predicted classes and probabilities.
//
//   accuracy = correct / n                                          one rounding
//   f1_micro = 2 tp / (2 tp + fp + fn), counts over all classes     one rounding
//   f1_macro = (sum of f1_c over classes that occur) / their number
//              f1_c = 2 tp_c / (2 tp_c + fp_c + fn_c), each rounded; exact sum; one division
//   log_loss = f64(sum of -log(clip(p_i)) / n)                      exact sum of binary32 terms
//              p_i = probability of row i's true class, clipped to [2^-149, 1]
//
// Rules: a class occurs when it is true or predicted somewhere, so no denominator is zero. A NaN
// probability makes log_loss NaN. No rows give NaN.
// See also: metric_list.h, roc_auc.h.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/metric/metric_list.h"

namespace reprotrain::kernels {

/// counts[t * n_classes + p] = rows of true class t predicted as p. `counts` (n_classes^2).
void confusion_matrix(std::span<const int32_t> true_classes,
                      std::span<const int32_t> predicted_classes, int32_t n_classes,
                      std::span<int64_t> counts);

double accuracy(const MetricInputs& inputs, const Parallel& parallel);
double f1_micro(const MetricInputs& inputs, const Parallel& parallel);
double f1_macro(const MetricInputs& inputs, const Parallel& parallel);
double log_loss(const MetricInputs& inputs, const Parallel& parallel);

}  // namespace reprotrain::kernels
