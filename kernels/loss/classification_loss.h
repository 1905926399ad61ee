// SPDX-License-Identifier: Apache-2.0
// Losses of raw outputs (logits) against a class.
//
//   binary cross-entropy of logit z, class y in {0, 1}
//     part     = rounded::log1p(rounded::exp(-|z|))
//     top      = z > 0 ? z : +0
//     loss     = y ? (top - z) + part : top + part
//     slope    = rounded::sigmoid(z) - y
//   cross-entropy of the row z of n logits, class t
//     top      = the largest z
//     e[j]     = rounded::exp(z[j] - top)
//     sum      = lane_sum(e)
//     loss     = rounded::log(sum) - (z[t] - top)
//     slope[j] = e[j] / sum - (j == t ? 1 : 0)
//
// All binary32, each operation rounded. NaN gives NaN.
// Why: shifting by the largest logit keeps exp in range; the loss never takes the log of a
// quotient.
// See also: lane_sum.h, loss_list.h (rows, batches), docs/arithmetic.md "Losses".
#pragma once

#include <cstdint>

#include "kernels/base/hd.h"
#include "kernels/elementwise/elementary.h"
#include "kernels/loss/regression_loss.h"
#include "kernels/reduce/lane_sum.h"

namespace reprotrain::kernels {

/// `kEstimate`: the arithmetic of the first estimates; it never reaches a value.
template <rounded::EstimateIn kEstimate = rounded::EstimateIn::kBinary64>
struct BinaryCrossEntropy {
  RPT_HD LossAndSlope operator()(float logit, bool is_one) const {
    const float magnitude = logit < 0.0f ? -logit : logit;
    const float part = rounded::correctly_rounded_by<rounded::Log1p, kEstimate>(
        rounded::correctly_rounded_by<rounded::Exp, kEstimate>(-magnitude));
    const float top = logit > 0.0f ? logit : 0.0f;
    const float distance = is_one ? top - logit : top;
    const float probability = rounded::correctly_rounded_by<rounded::Sigmoid, kEstimate>(logit);
    return {distance + part, probability - (is_one ? 1.0f : 0.0f)};
  }
};

/// top of a row. `n` >= 1. A NaN in front stays; one further on shows in its numerator.
RPT_HD float largest_logit(const float* logits, int64_t n) {
  float top = logits[0];
  for (int64_t j = 1; j < n; ++j) top = logits[j] > top ? logits[j] : top;
  return top;
}

/// sum of a row's numerators e.
RPT_HD float softmax_sum(const float* numerators, int64_t n) {
  return lane_sum([numerators](int64_t j) { return numerators[j]; }, n);
}

struct CrossEntropy {
  static RPT_HD float loss(float log_of_sum, float target_logit, float top) {
    return log_of_sum - (target_logit - top);
  }
  static RPT_HD float slope(float numerator, float sum, bool is_target) {
    const float probability = numerator / sum;
    return is_target ? probability - 1.0f : probability;
  }
};

}  // namespace reprotrain::kernels
