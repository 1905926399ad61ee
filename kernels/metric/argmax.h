// SPDX-License-Identifier: Apache-2.0
// The class a row of scores stands for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/base/float_bits.h"

namespace reprotrain::kernels {

/// Index of the largest score; the lowest index among equals (-0 equals +0). A NaN is never the
/// largest; when all are NaN the index is 0.
inline int32_t argmax(std::span<const float> scores) {
  size_t best = 0;
  for (size_t i = 1; i < scores.size(); ++i) {
    if (scores[i] > scores[best] || (is_nan(scores[best]) && !is_nan(scores[i]))) best = i;
  }
  return static_cast<int32_t>(best);
}

}  // namespace reprotrain::kernels
