// SPDX-License-Identifier: Apache-2.0
// Batch norm of every channel over a batch: training, backward and inference.
//
//   training   mean = f32(m), inverse = f32(1 / sqrt(v + 1e-5));   m, v: exact, of all n values
//              normal = (x - mean) * inverse;   y = normal * scale + shift
//              running = running + f32(momentum) * (value of the batch - running)
//   backward   scale gradient = f32(exact sum of f32(g * normal)), shift gradient = f32(exact sum of g)
//              a = shift gradient / n, b = scale gradient / n
//              gradient = ((g - a) - normal * b) * (scale * inverse)
//   inference  as training, with the running mean and variance
//
// Why: after a convolution; three passes over memory a training step. The moments are exact, so the
// batch may be cut over threads, shards and ranks. `normal` is computed again and not kept.
// Determinism: any order of the values. A NaN in a channel makes its mean and variance NaN.
// See also: docs/arithmetic.md "Batch norm"; column_statistics.h, column_sums.h.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"
#include "kernels/base/matrix_view.h"
#include "kernels/base/parallel.h"
#include "kernels/base/rounded_sqrt.h"
#include "kernels/reduce/column_statistics.h"

namespace reprotrain::kernels {

inline constexpr double kBatchNormEpsilon = 1e-5;

/// The steps of a channel and of an element, for CPU and CUDA loops.
namespace batch_norm_step {

RPT_HD float inverse_deviation(double variance) {
  return static_cast<float>(1.0 / rounded_sqrt(variance + kBatchNormEpsilon));
}
/// Of the population that the n values of a batch are drawn from.
RPT_HD float unbiased(double variance, int64_t n) {
  if (n == 1) return static_cast<float>(variance);
  return static_cast<float>(variance * (static_cast<double>(n) / static_cast<double>(n - 1)));
}
RPT_HD float running(float before, float of_batch, float momentum) {
  return before + momentum * (of_batch - before);
}
RPT_HD float normal(float x, float mean, float inverse) { return (x - mean) * inverse; }
RPT_HD float output(float normal, float scale, float shift) { return normal * scale + shift; }
RPT_HD float input_gradient(float g, float normal, float a, float b, float scale, float inverse) {
  return ((g - a) - normal * b) * (scale * inverse);
}

}  // namespace batch_norm_step

/// Shapes: matrices (n, n_channels) with n >= 1, a row for each (image, y, x); the rest (n_channels).
struct BatchNormTraining {
  ConstMatrixView x;
  std::span<const float> scale;
  std::span<const float> shift;
  double momentum = 0.1;
  std::span<float> running_mean;      ///< brought up to date
  std::span<float> running_variance;  ///< brought up to date
  std::span<float> mean;              ///< written; backward needs it
  std::span<float> inverse;           ///< written; backward needs it
  MatrixView y;                       ///< written; may be x where there is no backward
};
void batch_norm_training(const BatchNormTraining& pass, const Parallel& parallel);

namespace batch_norm_step {

/// What a channel's moments become, for CPU and CUDA loops over the channels.
struct ChannelUpdate {
  int64_t n;
  float momentum;
  float *mean, *inverse, *running_mean, *running_variance;

  explicit ChannelUpdate(const BatchNormTraining& pass)
      : n(pass.x.n_rows),
        momentum(static_cast<float>(pass.momentum)),
        mean(pass.mean.data()),
        inverse(pass.inverse.data()),
        running_mean(pass.running_mean.data()),
        running_variance(pass.running_variance.data()) {}

  RPT_HD void operator()(int64_t c, const ColumnMoments& moments) const {
    const bool has_nan = moments.count != n;  // moments leave it out, batch norm does not
    const double nan = double_from_bits(0x7ff8000000000000ull);
    const double variance = has_nan ? nan : moments.variance;
    mean[c] = static_cast<float>(has_nan ? nan : moments.mean);
    inverse[c] = inverse_deviation(variance);
    running_mean[c] = running(running_mean[c], mean[c], momentum);
    running_variance[c] = running(running_variance[c], unbiased(variance, n), momentum);
  }
};

}  // namespace batch_norm_step

struct BatchNormBackward {
  ConstMatrixView x;
  std::span<const float> mean;
  std::span<const float> inverse;
  std::span<const float> scale;
  MatrixView gradient;              ///< with respect to y; replaced by the one with respect to x
  std::span<float> scale_gradient;  ///< written
  std::span<float> shift_gradient;  ///< written
};
void batch_norm_backward(const BatchNormBackward& pass, const Parallel& parallel);

struct BatchNormInference {
  ConstMatrixView x;
  std::span<const float> scale;
  std::span<const float> shift;
  std::span<const float> running_mean;
  std::span<const float> running_variance;
  MatrixView y;  ///< written; may be x
};
/// No rows are fine here.
void batch_norm_inference(const BatchNormInference& pass, const Parallel& parallel);

}  // namespace reprotrain::kernels
