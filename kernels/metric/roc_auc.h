// SPDX-License-Identifier: Apache-2.0
// Area under the ROC curve, by counting pairs.
//
//   auc = (pairs in order + ties / 2) / (n_positive * n_negative)    exact integers, one rounding
//
// over all pairs of a positive and a negative row; in order: the positive's score is larger. Two
// classes: class 1 is positive and its probability the score. More: the mean of the areas of each
// class against the rest, over the classes that have rows on both sides (exact sum of the rounded
// areas, one division).
// Rules: -0 ties with +0; a NaN score gives NaN; NaN when no class has rows on both sides.
#pragma once

#include "kernels/metric/metric_list.h"

namespace reprotrain::kernels {

/// At most 2^31 - 1 rows. Work space: 8 bytes per row and thread.
double roc_auc(const MetricInputs& inputs, const Parallel& parallel);

}  // namespace reprotrain::kernels
