// SPDX-License-Identifier: Apache-2.0
// Losses of one number against one number.
//
//   d = output - target
//   mse     loss = d * d                          slope = d + d
//   huber   |d| <= delta: loss = (0.5 * d) * d    slope = d
//           else: loss = delta * (|d| - 0.5 * delta)     slope = delta with the sign of d
// All binary32, each operation rounded; `delta` is rounded once from binary64. NaN gives NaN.
// See also: loss_list.h (rows, batches), docs/arithmetic.md "Losses".
#pragma once

#include "kernels/base/hd.h"

namespace reprotrain::kernels {

struct LossAndSlope {
  float loss;
  float slope;  ///< derivative with respect to the output
};

struct MeanSquaredError {
  RPT_HD LossAndSlope operator()(float output, float target) const {
    const float difference = output - target;
    return {difference * difference, difference + difference};
  }
};

struct Huber {
  float delta = 1.0f;

  RPT_HD LossAndSlope operator()(float output, float target) const {
    const float difference = output - target;
    const float magnitude = difference < 0.0f ? -difference : difference;
    const bool quadratic = magnitude <= delta;
    const float half_delta = 0.5f * delta;
    const float inner = (0.5f * difference) * difference;
    const float outer = delta * (magnitude - half_delta);
    const float bounded = difference > delta ? delta : difference < -delta ? -delta : difference;
    return {quadratic ? inner : outer, bounded};
  }
};

}  // namespace reprotrain::kernels
