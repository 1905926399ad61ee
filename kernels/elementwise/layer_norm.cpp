// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/layer_norm.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/vector_loop.h"
#include "kernels/elementwise/layer_norm_requirements.h"
#include "kernels/reduce/column_sums.h"
#include "kernels/reduce/lane_sum.h"

namespace reprotrain::kernels {

namespace {

struct ForwardRow {
  const LayerNormForward& pass;

  RPT_HD void operator()(int64_t row) const {
    const int64_t n = pass.x.n_columns;
    const float* x = pass.x.row(row);
    const float count = static_cast<float>(n);
    const float mean = lane_sum([x](int64_t j) { return x[j]; }, n) / count;
    const float variance =
        lane_sum([x, mean](int64_t j) { return layer_norm_step::squared_deviation(x[j], mean); },
                 n) /
        count;
    const float inverse = layer_norm_step::inverse_deviation(variance);
    pass.inverse[static_cast<size_t>(row)] = inverse;

    const float* scale = pass.scale.data();
    const float* shift = pass.shift.data();
    float* normal = pass.normal.row(row);
    float* y = pass.y.row(row);
    RPT_INDEPENDENT for (int64_t j = 0; j < n; ++j) {
      const float normalised = layer_norm_step::normal(x[j], mean, inverse);
      normal[j] = normalised;
      y[j] = layer_norm_step::output(normalised, scale[j], shift[j]);
    }
  }
};

struct BackwardRow {
  const LayerNormBackward& pass;

  RPT_HD void operator()(int64_t row) const {
    const int64_t n = pass.gradient.n_columns;
    const float* normal = pass.normal.row(row);
    const float* scale = pass.scale.data();
    float* gradient = pass.gradient.row(row);
    const float count = static_cast<float>(n);
    const float inverse = pass.inverse[static_cast<size_t>(row)];
    const float a = lane_sum([=](int64_t j) { return gradient[j] * scale[j]; }, n) / count;
    const float b =
        lane_sum([=](int64_t j) { return (gradient[j] * scale[j]) * normal[j]; }, n) / count;
    RPT_INDEPENDENT for (int64_t j = 0; j < n; ++j) {
      gradient[j] =
          layer_norm_step::input_gradient(gradient[j] * scale[j], normal[j], a, b, inverse);
    }
  }
};

struct ScaleTermsRow {
  const LayerNormBackward& pass;

  RPT_HD void operator()(int64_t row) const {
    const float* gradient = pass.gradient.row(row);
    const float* normal = pass.normal.row(row);
    float* terms = pass.scale_terms.row(row);
    RPT_INDEPENDENT for (int64_t j = 0; j < pass.gradient.n_columns; ++j) {
      terms[j] = gradient[j] * normal[j];
    }
  }
};

int64_t row_grain(int64_t n_columns) {
  return std::max<int64_t>(1, kElementGrain / 4 / std::max<int64_t>(1, n_columns));
}

}  // namespace

void layer_norm_forward(const LayerNormForward& pass, const Parallel& parallel) {
  require_matching(pass);
  parallel_row_loop(ForwardRow{pass}, pass.x.n_rows, parallel, row_grain(pass.x.n_columns));
}

void layer_norm_backward(const LayerNormBackward& pass, const Parallel& parallel) {
  require_matching(pass);
  require_view(pass.scale_terms, "scale_terms");
  require(same_shape(pass.normal, pass.scale_terms), "layer norm: shapes do not match");
  const int64_t n_rows = pass.gradient.n_rows;
  const int64_t grain = row_grain(pass.gradient.n_columns);
  parallel_row_loop(ScaleTermsRow{pass}, n_rows, parallel, grain);
  exact_column_sums(pass.scale_terms, pass.scale_gradient, parallel);
  exact_column_sums(pass.gradient, pass.shift_gradient, parallel);
  parallel_row_loop(BackwardRow{pass}, n_rows, parallel, grain);
}

}  // namespace reprotrain::kernels
