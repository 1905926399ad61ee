// SPDX-License-Identifier: Apache-2.0
// Max pooling on a CPU:
//
//   forward   for each row of windows (parallel), for each window, for each of its pixels in order:
//               all channels at a time, the pixel takes the place of the best so far or does not
//   backward  for each image (parallel): gradient = +0; for each window in order, for each of its pixels:
//               add the window's delta where the pixel won, else +0
#include "kernels/base/require.h"
#include "kernels/conv/pooling_requirements.h"
#include "kernels/conv/pooling_windows.h"

namespace reprotrain::kernels {

namespace {

/// Row oy of the outputs of one image.
template <bool kKeepsWinners>
struct ForwardLine {
  const MaxPoolingForward& pass;

  RPT_HD void operator()(int64_t line) const {
    const Pooling& pooling = pass.pooling;
    const int64_t n_lines = pooling.y.n_windows(), n_channels = pooling.n_channels;
    const float* image = pass.images.row(line / n_lines);
    float* outputs = pass.outputs.row(line / n_lines);
    int32_t* winners = kKeepsWinners ? pass.winners.row(line / n_lines) : nullptr;
    const int64_t oy = line % n_lines;
    for_windows(
        pooling, oy, oy + 1,
        [&](int64_t window, const WindowPart& y,
            const WindowPart& x) __attribute__((always_inline)) {
          float* best = outputs + window * n_channels;
          int32_t* winner = kKeepsWinners ? winners + window * n_channels : nullptr;
          bool is_first = true;
          for_pixels(
              pooling, y, x, [&](int64_t pixel, int64_t position) __attribute__((always_inline)) {
                compete(image + pixel * n_channels, static_cast<int32_t>(position), is_first, best,
                        winner);
                is_first = false;
              });
        });
  }

  RPT_HD void compete(const float* pixel, int32_t position, bool is_first, float* best,
                      int32_t* winner) const {
    const int64_t n_channels = pass.pooling.n_channels;
    if (is_first) {
      RPT_INDEPENDENT for (int64_t c = 0; c < n_channels; ++c) {
        best[c] = pixel[c];
        if constexpr (kKeepsWinners) winner[c] = position;
      }
    } else {
      RPT_INDEPENDENT for (int64_t c = 0; c < n_channels; ++c) {
        const bool takes = takes_the_place_of(pixel[c], best[c]);
        best[c] = takes ? pixel[c] : best[c];
        if constexpr (kKeepsWinners) winner[c] = takes ? position : winner[c];
      }
    }
  }
};

/// One image. A pixel that a window did not choose gets + (+0): a sum that began at +0 is never -0,
/// so that leaves it as it is.
struct BackwardImage {
  const MaxPoolingBackward& pass;

  RPT_HD void operator()(int64_t image) const {
    const Pooling& pooling = pass.pooling;
    const int64_t n_channels = pooling.n_channels;
    const float* delta = pass.delta.row(image);
    const int32_t* winners = pass.winners.row(image);
    float* gradient = pass.image_gradient.row(image);
    for (int64_t i = 0; i < pass.image_gradient.n_columns; ++i) gradient[i] = 0.0f;
    for_windows(
        pooling, 0, pooling.y.n_windows(),
        [&](int64_t window, const WindowPart& y,
            const WindowPart& x) __attribute__((always_inline)) {
          const float* of_window = delta + window * n_channels;
          const int32_t* winner = winners + window * n_channels;
          for_pixels(
              pooling, y, x, [&](int64_t pixel, int64_t position) __attribute__((always_inline)) {
                float* target = gradient + pixel * n_channels;
                RPT_INDEPENDENT for (int64_t c = 0; c < n_channels; ++c) {
                  const float term = winner[c] == position ? of_window[c] : 0.0f;
                  target[c] = target[c] + term;
                }
              });
        });
  }
};

}  // namespace

void require_pooling(const Pooling& pooling) {
  for (const WindowAxis& axis : {pooling.y, pooling.x}) {
    require_axis(axis);
    require(axis.dilation == 1, "pooling: windows have no dilation");
    require(std::max(axis.padding_before, axis.padding_after) < axis.kernel,
            "pooling: a padding is not smaller than the kernel");
  }
  require(pooling.y.kernel * pooling.x.kernel <= INT32_MAX,
          "pooling: positions in a window are not counted in 31 bits");
  require_channels(pooling.n_channels);
}

void max_pooling_forward(const MaxPoolingForward& pass, const Parallel& parallel) {
  require_matching(pass);
  const Pooling& pooling = pass.pooling;
  const int64_t n_lines = pooling.y.n_windows();
  const int64_t n_rows = pass.images.n_rows * n_lines;
  const int64_t grain = grain_of_rows(pooling.n_inputs() / n_lines);
  if (pass.keeps_winners()) {
    parallel_row_loop(ForwardLine<true>{pass}, n_rows, parallel, grain);
  } else {
    parallel_row_loop(ForwardLine<false>{pass}, n_rows, parallel, grain);
  }
}

void max_pooling_backward(const MaxPoolingBackward& pass, const Parallel& parallel) {
  require_matching(pass);
  parallel_row_loop(BackwardImage{pass}, pass.delta.n_rows, parallel,
                    grain_of_rows(pass.pooling.n_inputs()));
}

}  // namespace reprotrain::kernels
