// SPDX-License-Identifier: Apache-2.0
// Batch norm on a CUDA device, band by band of the channels, in the same work space:
//
//   training   exact moments of every channel; its numbers from them; outputs, four channels a thread
//   backward   exact sums of both parameter gradients; gradients of the inputs from them, likewise
//   inference  inverse deviations from the running variances; outputs
#include "kernels/conv/batch_norm_cuda.h"

#include <algorithm>

#include "kernels/base/quad_map_cuda.h"
#include "kernels/conv/batch_norm_channels.h"
#include "kernels/conv/batch_norm_requirements.h"
#include "kernels/matmul/quad_rows_cuda.h"
#include "kernels/reduce/column_sums_cuda.h"
#include "kernels/reduce/column_terms_cuda.h"

namespace reprotrain::kernels {
namespace {

constexpr unsigned kThreads = 256;
constexpr unsigned kChannelThreads = 64;
constexpr int64_t kBandChannels = int64_t{1} << 14;  // whose accumulators take 6 MiB; whole quads

LaunchShape shape_for_quads(const ConstMatrixView& m) {
  return {blocks_for(m.n_rows * quads_of_row(m.n_columns), kThreads), kThreads};
}

LaunchShape shape_for_channels(int64_t n_channels) {
  return {blocks_for(n_channels, kChannelThreads), kChannelThreads};
}

/// Four neighbouring channels' numbers.
struct ChannelQuad {
  float value[4];

  __device__ ChannelQuad(const float* numbers, int64_t channel, int n) {
    load_quad(numbers + channel, 0, n, value);
  }
  __device__ float operator[](int i) const { return value[i]; }
};

struct OutputArrays {
  ConstMatrixView x;
  MatrixView y;
  const float *mean, *inverse, *scale, *shift;
};

__global__ void __launch_bounds__(kThreads) write_outputs(OutputArrays pass) {
  for_each_quad_of_rows(pass.x.n_rows, pass.x.n_columns, [&](int64_t row, int64_t column, int n) {
    const ChannelQuad x(pass.x.row(row), column, n);
    const ChannelQuad mean(pass.mean, column, n), inverse(pass.inverse, column, n);
    const ChannelQuad scale(pass.scale, column, n), shift(pass.shift, column, n);
    float y[4];
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      const float normal = batch_norm_step::normal(x[e], mean[e], inverse[e]);
      y[e] = batch_norm_step::output(normal, scale[e], shift[e]);
    }
    store_quad(pass.y.row(row) + column, 0, n, y);
  });
}

__global__ void __launch_bounds__(kChannelThreads)
    update_channels(batch_norm_step::ChannelUpdate update, const ColumnMoments* moments,
                    int64_t n_channels) {
  for (int64_t c = thread_of_grid(); c < n_channels; c += threads_of_grid()) update(c, moments[c]);
}

__global__ void __launch_bounds__(kChannelThreads)
    invert_deviations(const float* variance, int64_t n_channels, float* inverse) {
  for (int64_t c = thread_of_grid(); c < n_channels; c += threads_of_grid()) {
    inverse[c] = batch_norm_step::inverse_deviation(static_cast<double>(variance[c]));
  }
}

/// f32(g * normal), the terms of a scale's gradient.
struct ScaleTerms {
  ConstMatrixView x, gradient;
  const float *mean, *inverse;

  __device__ float operator()(int64_t row, int64_t column) const {
    return gradient(row, column) *
           batch_norm_step::normal(x(row, column), mean[column], inverse[column]);
  }
};

struct BackwardArrays {
  ConstMatrixView x;
  MatrixView gradient;
  const float *mean, *inverse, *scale, *scale_gradient, *shift_gradient;
};

__global__ void __launch_bounds__(kThreads) write_input_gradients(BackwardArrays pass) {
  const auto count = static_cast<float>(pass.x.n_rows);
  for_each_quad_of_rows(pass.x.n_rows, pass.x.n_columns, [&](int64_t row, int64_t column, int n) {
    const ChannelQuad x(pass.x.row(row), column, n), g(pass.gradient.row(row), column, n);
    const ChannelQuad mean(pass.mean, column, n), inverse(pass.inverse, column, n);
    const ChannelQuad scale(pass.scale, column, n);
    const ChannelQuad scale_gradient(pass.scale_gradient, column, n);
    const ChannelQuad shift_gradient(pass.shift_gradient, column, n);
    float result[4];
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      const float normal = batch_norm_step::normal(x[e], mean[e], inverse[e]);
      result[e] = batch_norm_step::input_gradient(g[e], normal, shift_gradient[e] / count,
                                                  scale_gradient[e] / count, scale[e], inverse[e]);
    }
    store_quad(pass.gradient.row(row) + column, 0, n, result);
  });
}

/// Of training: an accumulator and the rounded moments for each channel. Backward keeps two sums in an
/// accumulator's place, inference a number.
struct Work {
  MomentAccumulator* accumulators;
  ColumnMoments* moments;

  Work(void* work, int64_t n_channels)
      : accumulators(static_cast<MomentAccumulator*>(work)),
        moments(reinterpret_cast<ColumnMoments*>(accumulators + n_channels)) {}
};
static_assert(sizeof(MomentAccumulator) >= 2 * sizeof(ExactSumAccumulator));
static_assert(sizeof(MomentAccumulator) % alignof(ColumnMoments) == 0);

}  // namespace

size_t batch_norm_work_bytes(int64_t n_channels) {
  return static_cast<size_t>(std::min(n_channels, kBandChannels)) *
         (sizeof(MomentAccumulator) + sizeof(ColumnMoments));
}

namespace {

void train_band(const BatchNormTraining& pass, void* work, cudaStream_t stream) {
  const int64_t n_channels = pass.x.n_columns;
  const auto [accumulators, moments] = Work(work, n_channels);
  clear_moments_cuda(accumulators, n_channels, stream);
  add_column_moments_cuda(pass.x, {nullptr, pass.x.n_rows}, accumulators, stream);
  round_moments_cuda(accumulators, n_channels, moments, stream);
  launch(update_channels, shape_for_channels(n_channels), stream,
         batch_norm_step::ChannelUpdate(pass), moments, n_channels);
  const OutputArrays arrays{
      pass.x, pass.y, pass.mean.data(), pass.inverse.data(), pass.scale.data(), pass.shift.data()};
  launch(write_outputs, shape_for_quads(pass.x), stream, arrays);
}

void go_back_through_band(const BatchNormBackward& pass, void* work, cudaStream_t stream) {
  const int64_t n = pass.x.n_rows, n_channels = pass.x.n_columns;
  auto* const sums = static_cast<ExactSumAccumulator*>(work);
  const ScaleTerms terms{pass.x, pass.gradient, pass.mean.data(), pass.inverse.data()};
  clear_sums_cuda(sums, 2 * n_channels, stream);
  add_column_terms_cuda(terms, n, n_channels, sums, stream);
  add_column_sums_cuda(pass.gradient, sums + n_channels, stream);
  round_sums_cuda(sums, n_channels, pass.scale_gradient.data(), stream);
  round_sums_cuda(sums + n_channels, n_channels, pass.shift_gradient.data(), stream);
  const BackwardArrays arrays{pass.x,
                              pass.gradient,
                              pass.mean.data(),
                              pass.inverse.data(),
                              pass.scale.data(),
                              pass.scale_gradient.data(),
                              pass.shift_gradient.data()};
  launch(write_input_gradients, shape_for_quads(pass.x), stream, arrays);
}

void infer_band(const BatchNormInference& pass, void* work, cudaStream_t stream) {
  const int64_t n_channels = pass.x.n_columns;
  auto* const inverse = static_cast<float*>(work);
  launch(invert_deviations, shape_for_channels(n_channels), stream, pass.running_variance.data(),
         n_channels, inverse);
  const OutputArrays arrays{
      pass.x, pass.y, pass.running_mean.data(), inverse, pass.scale.data(), pass.shift.data()};
  launch(write_outputs, shape_for_quads(pass.x), stream, arrays);
}

/// All bands, one after another, in the same work space.
template <typename Pass>
void for_bands(const Pass& pass, void* work, cudaStream_t stream,
               void (*run)(const Pass&, void*, cudaStream_t)) {
  const int64_t n_channels = pass.x.n_columns;
  for (int64_t band = 0; band * kBandChannels < n_channels; ++band) {
    run(channel_band(n_channels, band, kBandChannels).of(pass), work, stream);
  }
}

}  // namespace

void batch_norm_training_cuda(const BatchNormTraining& pass, void* work, cudaStream_t stream) {
  require_matching(pass);
  for_bands(pass, work, stream, train_band);
}

void batch_norm_backward_cuda(const BatchNormBackward& pass, void* work, cudaStream_t stream) {
  require_matching(pass);
  for_bands(pass, work, stream, go_back_through_band);
}

void batch_norm_inference_cuda(const BatchNormInference& pass, void* work, cudaStream_t stream) {
  require_matching(pass);
  if (pass.x.n_rows == 0) return;
  for_bands(pass, work, stream, infer_band);
}

}  // namespace reprotrain::kernels
