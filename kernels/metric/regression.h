// SPDX-License-Identifier: Apache-2.0
// Metrics of predicted numbers.
//
//   mse  = f64(sum of (p_i - t_i)^2 / n)     exact sum of exact squares, one rounding
//   rmse = sqrt(mse)
//   mae  = f64(sum of |p_i - t_i| / n)       exact sum of exact differences, one rounding
//   r2   = 1 - mse / variance(t)             one division, one subtraction in binary64
//
// variance(t) is the population variance of exact_moments.h.
// Rules: constant targets give r2 = 1 when mse is zero, else 0. An infinite prediction or target
// makes the difference p - t of binary32 count. No rows give NaN.
#pragma once

#include "kernels/metric/metric_list.h"

namespace reprotrain::kernels {

double rmse(const MetricInputs& inputs, const Parallel& parallel);
double mae(const MetricInputs& inputs, const Parallel& parallel);
double r2(const MetricInputs& inputs, const Parallel& parallel);

}  // namespace reprotrain::kernels
