// SPDX-License-Identifier: Apache-2.0
#include "kernels/conv/batch_norm.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "kernels/base/vector_loop.h"
#include "kernels/base/work_space.h"
#include "kernels/conv/batch_norm_requirements.h"
#include "kernels/reduce/column_statistics.h"
#include "kernels/reduce/column_sums.h"

namespace reprotrain::kernels {

namespace {

/// Numbers of each channel, side by side.
struct Channels {
  const float* mean;
  const float* inverse;
  const float* scale;
  const float* shift;
};

struct OutputRow {
  ConstMatrixView x;
  MatrixView y;
  Channels channels;

  RPT_HD void operator()(int64_t row) const {
    const auto [mean, inverse, scale, shift] = channels;
    const float* source = x.row(row);
    float* target = y.row(row);
    RPT_INDEPENDENT for (int64_t c = 0; c < x.n_columns; ++c) {
      const float normal = batch_norm_step::normal(source[c], mean[c], inverse[c]);
      target[c] = batch_norm_step::output(normal, scale[c], shift[c]);
    }
  }
};

/// terms = f32(g * normal), for rows counted from `first_row`.
struct ScaleTermsRow {
  const BatchNormBackward& pass;
  int64_t first_row;
  float* terms;

  RPT_HD void operator()(int64_t row) const {
    const float* x = pass.x.row(row);
    const float* gradient = pass.gradient.row(row);
    const float* mean = pass.mean.data();
    const float* inverse = pass.inverse.data();
    float* target = terms + (row - first_row) * pass.x.n_columns;
    RPT_INDEPENDENT for (int64_t c = 0; c < pass.x.n_columns; ++c) {
      target[c] = gradient[c] * batch_norm_step::normal(x[c], mean[c], inverse[c]);
    }
  }
};

struct InputGradientRow {
  const BatchNormBackward& pass;

  RPT_HD void operator()(int64_t row) const {
    const auto n = static_cast<float>(pass.x.n_rows);
    const float* x = pass.x.row(row);
    float* gradient = pass.gradient.row(row);
    const Channels channels = {pass.mean.data(), pass.inverse.data(), pass.scale.data(), nullptr};
    const float* scale_gradient = pass.scale_gradient.data();
    const float* shift_gradient = pass.shift_gradient.data();
    RPT_INDEPENDENT for (int64_t c = 0; c < pass.x.n_columns; ++c) {
      const float normal = batch_norm_step::normal(x[c], channels.mean[c], channels.inverse[c]);
      gradient[c] = batch_norm_step::input_gradient(gradient[c], normal, shift_gradient[c] / n,
                                                    scale_gradient[c] / n, channels.scale[c],
                                                    channels.inverse[c]);
    }
  }
};

constexpr int64_t kSumRows = 512;    // of a matrix of terms that stays in the second-level cache
constexpr int64_t kSumGrain = 4096;  // rows worth a task, which merges all channels once

/// The exact sums of both parameter gradients.
void sum_gradients(const BatchNormBackward& pass, const Parallel& parallel) {
  const int64_t n_channels = pass.x.n_columns;
  std::vector<ExactSum> scale(static_cast<size_t>(n_channels)), shift(scale.size());
  std::mutex merging;
  parallel.for_ranges(pass.x.n_rows, kSumGrain, [&](int64_t begin, int64_t end) {
    std::vector<ExactSum> scale_piece(scale.size()), shift_piece(scale.size());
    const WorkSpace terms(kSumRows * n_channels);
    for (int64_t row = begin; row < end; row += kSumRows) {
      const int64_t row_end = std::min(row + kSumRows, end);
      row_loop(ScaleTermsRow{pass, row, terms.data()}, row, row_end);
      add_column_sums(dense_view<const float>(terms.data(), row_end - row, n_channels),
                      scale_piece);
      add_column_sums({pass.gradient.row(row), row_end - row, n_channels, pass.gradient.row_stride},
                      shift_piece);
    }
    const std::lock_guard lock(merging);
    for (size_t c = 0; c < scale.size(); ++c) {
      scale[c].merge(scale_piece[c]);
      shift[c].merge(shift_piece[c]);
    }
  });
  for (size_t c = 0; c < scale.size(); ++c) {
    pass.scale_gradient[c] = scale[c].to_float();
    pass.shift_gradient[c] = shift[c].to_float();
  }
}

int64_t row_grain(int64_t n_columns) {
  return std::max<int64_t>(1, kElementGrain / std::max<int64_t>(1, n_columns));
}

void write_outputs(ConstMatrixView x, MatrixView y, const Channels& channels,
                   const Parallel& parallel) {
  parallel_row_loop(OutputRow{x, y, channels}, x.n_rows, parallel, row_grain(x.n_columns));
}

}  // namespace

void batch_norm_training(const BatchNormTraining& pass, const Parallel& parallel) {
  require_matching(pass);
  std::vector<ColumnMoments> moments(static_cast<size_t>(pass.x.n_columns));
  column_moments(pass.x, moments, parallel);
  const batch_norm_step::ChannelUpdate update(pass);
  for (int64_t c = 0; c < pass.x.n_columns; ++c) update(c, moments[static_cast<size_t>(c)]);
  write_outputs(pass.x, pass.y,
                {pass.mean.data(), pass.inverse.data(), pass.scale.data(), pass.shift.data()},
                parallel);
}

void batch_norm_backward(const BatchNormBackward& pass, const Parallel& parallel) {
  require_matching(pass);
  sum_gradients(pass, parallel);
  parallel_row_loop(InputGradientRow{pass}, pass.x.n_rows, parallel, row_grain(pass.x.n_columns));
}

void batch_norm_inference(const BatchNormInference& pass, const Parallel& parallel) {
  require_matching(pass);
  const WorkSpace inverse(pass.x.n_columns);
  for (size_t c = 0; c < pass.running_variance.size(); ++c) {
    inverse.data()[c] =
        batch_norm_step::inverse_deviation(static_cast<double>(pass.running_variance[c]));
  }
  write_outputs(pass.x, pass.y,
                {pass.running_mean.data(), inverse.data(), pass.scale.data(), pass.shift.data()},
                parallel);
}

}  // namespace reprotrain::kernels
