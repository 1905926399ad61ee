// SPDX-License-Identifier: Apache-2.0
// Batch norm on a CPU:
//
//   training, backward:  for each band of up to 1024 channels (parallel), for ranges of rows (parallel)
//                          exact sums of the range, merged into those of the band
//                        numbers of the band's channels, rounded from its sums
//   all passes:          for each row: an elementwise loop                          (parallel)
//
// A thread's sums and terms take no more memory than those of a band, however many channels there are.
#include "kernels/conv/batch_norm.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "kernels/base/ceil_div.h"
#include "kernels/base/vector_loop.h"
#include "kernels/base/work_space.h"
#include "kernels/conv/batch_norm_channels.h"
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
constexpr int64_t kBandChannels = 1024;  // whose sums and terms a thread keeps: 2 MiB of these

/// run(band, threads for its rows): band after band, or side by side where the rows are no work for two
/// threads.
template <typename Run>
void for_bands(const ConstMatrixView& x, const Parallel& parallel, const Run& run) {
  const auto run_range = [&](int64_t begin, int64_t end, const Parallel& of_rows) {
    for (; begin < end; ++begin) run(channel_band(x.n_columns, begin, kBandChannels), of_rows);
  };
  const int64_t n_bands = ceil_div(x.n_columns, kBandChannels);
  if (x.n_rows > kSumGrain) return run_range(0, n_bands, parallel);
  parallel.for_ranges(n_bands, 1,
                      [&](int64_t begin, int64_t end) { run_range(begin, end, SerialParallel()); });
}

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

/// What the moments of all values make of a channel's numbers.
void update_channels(const BatchNormTraining& pass, const Parallel& parallel) {
  std::vector<ColumnMoments> moments(static_cast<size_t>(pass.x.n_columns));
  column_moments(pass.x, moments, parallel);
  const batch_norm_step::ChannelUpdate update(pass);
  for (int64_t c = 0; c < pass.x.n_columns; ++c) update(c, moments[static_cast<size_t>(c)]);
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
  for_bands(pass.x, parallel, [&](const ChannelBand& band, const Parallel& of_rows) {
    update_channels(band.of(pass), of_rows);
  });
  write_outputs(pass.x, pass.y,
                {pass.mean.data(), pass.inverse.data(), pass.scale.data(), pass.shift.data()},
                parallel);
}

void batch_norm_backward(const BatchNormBackward& pass, const Parallel& parallel) {
  require_matching(pass);
  for_bands(pass.x, parallel, [&](const ChannelBand& band, const Parallel& of_rows) {
    sum_gradients(band.of(pass), of_rows);
  });
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
