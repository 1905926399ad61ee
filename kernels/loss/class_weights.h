// SPDX-License-Identifier: Apache-2.0
// Weights with which every class counts the same in a loss.
//
//   w_c = f32(f64(n) / (f64(k) * f64(n_c)))      binary64: one product, one division
//
// n training rows, k classes, n_c training rows of class c.
// Requires: n_c >= 1.
// See also: loss_list.h, docs/arithmetic.md "Training".
#pragma once

#include <cstdint>

namespace reprotrain::kernels {

inline float balanced_class_weight(int64_t n_rows, int64_t n_classes, int64_t n_rows_of_class) {
  const double denominator = static_cast<double>(n_classes) * static_cast<double>(n_rows_of_class);
  return static_cast<float>(static_cast<double>(n_rows) / denominator);
}

}  // namespace reprotrain::kernels
