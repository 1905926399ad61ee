// SPDX-License-Identifier: Apache-2.0
// Layer norm of every row, forward and backward.
//
//   forward   mean      = lane_sum(x) / n
//             variance  = lane_sum((x - mean) * (x - mean)) / n
//             inverse   = 1 / sqrt(variance + 1e-5f)
//             normal[j] = (x[j] - mean) * inverse
//             y[j]      = normal[j] * scale[j] + shift[j]
//   backward  g[j]      = gradient[j] * scale[j]
//             a         = lane_sum(g) / n
//             b         = lane_sum(g * normal) / n
//             scale gradient = exact column sums of f32(gradient * normal)
//             shift gradient = exact column sums of gradient
//             gradient[j]    = ((g[j] - a) - normal[j] * b) * inverse
//
// All binary32, every product, sum, quotient and root rounded; n is exact (n < 2^24).
// Why: between a dense layer and its activation, rows of 64 to 1,024.
// Determinism: rows are independent.
// See also: lane_sum.h, docs/arithmetic.md "Activations, dropout and layer norm".
#pragma once

#include <span>

#include "kernels/base/hd.h"
#include "kernels/base/matrix_view.h"
#include "kernels/base/parallel.h"
#include "kernels/base/rounded_sqrt.h"

namespace reprotrain::kernels {

inline constexpr float kLayerNormEpsilon = 1e-5f;

/// The steps of an element, for CPU and CUDA loops.
namespace layer_norm_step {

RPT_HD float squared_deviation(float x, float mean) {
  const float deviation = x - mean;
  return deviation * deviation;
}
RPT_HD float inverse_deviation(float variance) {
  return 1.0f / rounded_sqrt(variance + kLayerNormEpsilon);
}
RPT_HD float normal(float x, float mean, float inverse) { return (x - mean) * inverse; }
RPT_HD float output(float normal, float scale, float shift) { return normal * scale + shift; }
/// g = gradient * scale.
RPT_HD float input_gradient(float g, float normal, float a, float b, float inverse) {
  return ((g - a) - normal * b) * inverse;
}

}  // namespace layer_norm_step

/// Shapes: matrices (n_rows, n), `inverse` (n_rows), the rest (n).
struct LayerNormForward {
  ConstMatrixView x;
  std::span<const float> scale;
  std::span<const float> shift;
  MatrixView normal;         ///< written; backward needs it
  std::span<float> inverse;  ///< written; backward needs it
  MatrixView y;              ///< written; may be x
};
void layer_norm_forward(const LayerNormForward& pass, const Parallel& parallel);

struct LayerNormBackward {
  ConstMatrixView normal;
  std::span<const float> inverse;
  std::span<const float> scale;
  MatrixView gradient;              ///< with respect to y; replaced by the one with respect to x
  MatrixView scale_terms;           ///< work space
  std::span<float> scale_gradient;  ///< written
  std::span<float> shift_gradient;  ///< written
};
void layer_norm_backward(const LayerNormBackward& pass, const Parallel& parallel);

}  // namespace reprotrain::kernels
