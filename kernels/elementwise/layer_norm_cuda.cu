// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/layer_norm_cuda.h"

#include "kernels/base/quad_map_cuda.h"
#include "kernels/elementwise/layer_norm_requirements.h"
#include "kernels/reduce/column_sums_cuda.h"
#include "kernels/reduce/lane_sum_cuda.h"

namespace reprotrain::kernels {
namespace {

constexpr unsigned kThreads = 256;

LaunchShape shape_for_rows(int64_t n_rows) { return {blocks_for(32 * n_rows, kThreads), kThreads}; }

struct ForwardArrays {
  ConstMatrixView x;
  const float* scale;
  const float* shift;
  MatrixView normal;
  float* inverse;
  MatrixView y;
};

__global__ void __launch_bounds__(kThreads) forward_rows(ForwardArrays pass) {
  for_rows_of_warp(pass.x.n_rows, [&](int64_t row) {
    const int64_t n = pass.x.n_columns;
    const float* x = pass.x.row(row);
    const float count = static_cast<float>(n);
    const float mean = warp_sum([=](int64_t j) { return x[j]; }, n) / count;
    const float variance =
        warp_sum([=](int64_t j) { return layer_norm_step::squared_deviation(x[j], mean); }, n) /
        count;
    const float inverse = layer_norm_step::inverse_deviation(variance);
    if (warp_lane() == 0) pass.inverse[row] = inverse;
    for (int64_t j = warp_lane(); j < n; j += 32) {
      const float normal = layer_norm_step::normal(x[j], mean, inverse);
      pass.normal(row, j) = normal;
      pass.y(row, j) = layer_norm_step::output(normal, pass.scale[j], pass.shift[j]);
    }
  });
}

struct BackwardArrays {
  ConstMatrixView normal;
  const float* inverse;
  const float* scale;
  MatrixView gradient;
};

__global__ void __launch_bounds__(kThreads) backward_rows(BackwardArrays pass) {
  for_rows_of_warp(pass.gradient.n_rows, [&](int64_t row) {
    const int64_t n = pass.gradient.n_columns;
    const float* normal = pass.normal.row(row);
    const float* scale = pass.scale;
    float* gradient = pass.gradient.row(row);
    const float count = static_cast<float>(n);
    const float a = warp_sum([=](int64_t j) { return gradient[j] * scale[j]; }, n) / count;
    const float b =
        warp_sum([=](int64_t j) { return (gradient[j] * scale[j]) * normal[j]; }, n) / count;
    for (int64_t j = warp_lane(); j < n; j += 32) {
      gradient[j] = layer_norm_step::input_gradient(gradient[j] * scale[j], normal[j], a, b,
                                                    pass.inverse[row]);
    }
  });
}

}  // namespace

void layer_norm_forward_cuda(const LayerNormForward& pass, cudaStream_t stream) {
  require_matching(pass);
  if (pass.x.n_rows == 0) return;
  const ForwardArrays arrays{pass.x,      pass.scale.data(),   pass.shift.data(),
                             pass.normal, pass.inverse.data(), pass.y};
  launch(forward_rows, shape_for_rows(pass.x.n_rows), stream, arrays);
}

void layer_norm_backward_cuda(const LayerNormBackward& pass, ExactSumAccumulator* sums,
                              cudaStream_t stream) {
  require_matching(pass);
  const int64_t n = pass.gradient.n_columns;
  clear_sums_cuda(sums, 2 * n, stream);
  add_product_column_sums_cuda(pass.gradient, pass.normal, sums, stream);
  add_column_sums_cuda(pass.gradient, sums + n, stream);
  round_sums_cuda(sums, n, pass.scale_gradient.data(), stream);
  round_sums_cuda(sums + n, n, pass.shift_gradient.data(), stream);
  if (pass.gradient.n_rows == 0) return;
  const BackwardArrays arrays{pass.normal, pass.inverse.data(), pass.scale.data(), pass.gradient};
  launch(backward_rows, shape_for_rows(pass.gradient.n_rows), stream, arrays);
}

}  // namespace reprotrain::kernels
