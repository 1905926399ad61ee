// SPDX-License-Identifier: Apache-2.0
// Average pooling and global average on a CPU:
//
//   forward         for each row of windows (parallel), for each window: sum = +0, plus its pixels in
//                   order, all channels at a time; sum / count
//   backward        for each image (parallel), for each window in order: delta / count to its pixels
//   global average  for each image (parallel), 16 channels at a time: 32 lanes each, then the tree
#include "kernels/conv/pooling_requirements.h"
#include "kernels/conv/pooling_windows.h"
#include "kernels/reduce/lane_sum.h"

namespace reprotrain::kernels {

namespace {

/// Row oy of the outputs of one image.
struct ForwardLine {
  const Pooling& pooling;
  ConstMatrixView images;
  MatrixView outputs;

  RPT_HD void operator()(int64_t line) const {
    const int64_t n_lines = pooling.y.n_windows(), n_channels = pooling.n_channels;
    const float* image = images.row(line / n_lines);
    float* const image_outputs = outputs.row(line / n_lines);
    const int64_t oy = line % n_lines;
    for_windows(
        pooling, oy, oy + 1,
        [&](int64_t window, const WindowPart& y, const WindowPart& x)
            __attribute__((always_inline)) {
              float* sum = image_outputs + window * n_channels;
              for (int64_t c = 0; c < n_channels; ++c) sum[c] = 0.0f;
              for_pixels(
                  pooling, y, x, [&](int64_t pixel, int64_t) __attribute__((always_inline)) {
                    const float* source = image + pixel * n_channels;
                    RPT_INDEPENDENT for (int64_t c = 0; c < n_channels; ++c) {
                      sum[c] = sum[c] + source[c];
                    }
                  });
              const float count = count_of(y, x);
              RPT_INDEPENDENT for (int64_t c = 0; c < n_channels; ++c) sum[c] = sum[c] / count;
            });
  }
};

struct BackwardImage {
  const Pooling& pooling;
  ConstMatrixView delta;
  MatrixView image_gradient;

  RPT_HD void operator()(int64_t image) const {
    const int64_t n_channels = pooling.n_channels;
    const float* image_delta = delta.row(image);
    float* gradient = image_gradient.row(image);
    for (int64_t i = 0; i < image_gradient.n_columns; ++i) gradient[i] = 0.0f;
    for_windows(
        pooling, 0, pooling.y.n_windows(),
        [&](int64_t window, const WindowPart& y, const WindowPart& x)
            __attribute__((always_inline)) {
              const float* of_window = image_delta + window * n_channels;
              const float count = count_of(y, x);
              for_pixels(
                  pooling, y, x, [&](int64_t pixel, int64_t) __attribute__((always_inline)) {
                    float* target = gradient + pixel * n_channels;
                    RPT_INDEPENDENT for (int64_t c = 0; c < n_channels; ++c) {
                      target[c] = target[c] + of_window[c] / count;
                    }
                  });
            });
  }
};

/// One image, some channels side by side: the lanes of each in columns of a table.
struct GlobalForwardImage {
  ConstMatrixView images;
  MatrixView outputs;

  static constexpr int64_t kSideBySide = 16;

  RPT_HD void operator()(int64_t image) const {
    for (int64_t first = 0; first < outputs.n_columns; first += kSideBySide) {
      const int64_t left = outputs.n_columns - first;
      average(images.row(image) + first, left < kSideBySide ? left : kSideBySide,
              outputs.row(image) + first);
    }
  }

  RPT_HD void average(const float* pixels, int64_t n, float* output) const {
    const int64_t n_pixels = images.n_columns / outputs.n_columns;
    float lanes[kSumLanes][kSideBySide] = {};
    for (int64_t p = 0; p < n_pixels; ++p, pixels += outputs.n_columns) {
      float* lane = lanes[p % kSumLanes];
      RPT_INDEPENDENT for (int64_t c = 0; c < n; ++c) lane[c] = lane[c] + pixels[c];
    }
    for (int64_t width = kSumLanes / 2; width >= 1; width /= 2) {
      for (int64_t l = 0; l < width; ++l) {
        RPT_INDEPENDENT for (int64_t c = 0; c < kSideBySide; ++c) {
          lanes[l][c] = lanes[l][c] + lanes[l + width][c];
        }
      }
    }
    const auto count = static_cast<float>(n_pixels);
    for (int64_t c = 0; c < n; ++c) output[c] = lanes[0][c] / count;
  }
};

struct GlobalBackwardImage {
  ConstMatrixView delta;
  MatrixView image_gradient;

  RPT_HD void operator()(int64_t image) const {
    const int64_t n_channels = delta.n_columns;
    const int64_t n_pixels = image_gradient.n_columns / n_channels;
    const float* source = delta.row(image);
    float* target = image_gradient.row(image);
    const auto count = static_cast<float>(n_pixels);
    RPT_INDEPENDENT for (int64_t c = 0; c < n_channels; ++c) target[c] = source[c] / count;
    for (int64_t p = 1; p < n_pixels; ++p) {
      float* pixel = target + p * n_channels;
      RPT_INDEPENDENT for (int64_t c = 0; c < n_channels; ++c) pixel[c] = target[c];
    }
  }
};

}  // namespace

void average_pooling_forward(const Pooling& pooling, ConstMatrixView images, MatrixView outputs,
                             const Parallel& parallel) {
  require_matching(pooling, images, outputs);
  const int64_t n_lines = pooling.y.n_windows();
  parallel_row_loop(ForwardLine{pooling, images, outputs}, images.n_rows * n_lines, parallel,
                    grain_of_rows(pooling.n_inputs() / n_lines));
}

void average_pooling_backward(const Pooling& pooling, ConstMatrixView delta,
                              MatrixView image_gradient, const Parallel& parallel) {
  require_matching(pooling, image_gradient, delta);
  parallel_row_loop(BackwardImage{pooling, delta, image_gradient}, delta.n_rows, parallel,
                    grain_of_rows(pooling.n_inputs()));
}

void global_average_forward(ConstMatrixView images, MatrixView outputs, const Parallel& parallel) {
  require_averages(images, outputs);
  parallel_row_loop(GlobalForwardImage{images, outputs}, images.n_rows, parallel,
                    grain_of_rows(images.n_columns));
}

void global_average_backward(ConstMatrixView delta, MatrixView image_gradient,
                             const Parallel& parallel) {
  require_averages(image_gradient, delta);
  parallel_row_loop(GlobalBackwardImage{delta, image_gradient}, delta.n_rows, parallel,
                    grain_of_rows(image_gradient.n_columns));
}

}  // namespace reprotrain::kernels
