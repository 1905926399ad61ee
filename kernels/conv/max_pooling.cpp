// SPDX-License-Identifier: Apache-2.0
// Max pooling on a CPU:
//
//   forward   for each row of windows (parallel), for each window, four channels at a time: each of its
//               pixels in order takes the place of the best so far or does not
//   backward  for each image (parallel): gradient = +0; for each window in order, for each of its pixels:
//               add the window's delta where the pixel won, else +0
#include <cstring>

#include "kernels/base/require.h"
#include "kernels/conv/pooling_requirements.h"
#include "kernels/conv/pooling_windows.h"

namespace reprotrain::kernels {

namespace {

/// Channels that are handled together. Vectors of four are in every instruction set.
constexpr int kLanes = 4;
typedef float Floats __attribute__((vector_size(sizeof(float) * kLanes)));
typedef int32_t Integers __attribute__((vector_size(sizeof(int32_t) * kLanes)));

template <class Lanes, class Number>
RPT_HD Lanes loaded(const Number* from) {
  Lanes lanes;
  memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

/// Calls use(channel, lanes that no block before it had) for blocks of kLanes channels, of
/// which there are as many or more: the last block overlaps the one before it.
template <class Use>
RPT_HD void for_channel_blocks(int64_t n_channels, const Use& use) {
  const Integers lane = {0, 1, 2, 3};
  for (int64_t channel = 0; channel < n_channels; channel += kLanes) {
    const int64_t last = n_channels - kLanes;
    const int64_t first = channel < last ? channel : last;
    use(first, lane >= static_cast<int32_t>(channel - first));
  }
}

/// A window's pixels in the image.
struct WindowPixels {
  WindowPart y, x;
  int64_t width, n_channels;

  RPT_HD WindowPixels(const Pooling& pooling, int64_t oy, int64_t ox)
      : y(pooling.y, oy), x(pooling.x, ox), width(pooling.x.size), n_channels(pooling.n_channels) {}
  /// Where the channels of the pixel at a tap begin.
  RPT_HD int64_t place(int64_t ky, int64_t kx) const {
    return ((y.first_place + ky) * width + x.first_place + kx) * n_channels;
  }
};

/// Row oy of the outputs of one image.
template <bool kKeepsWinners>
struct ForwardLine {
  const MaxPoolingForward& pass;

  RPT_HD void operator()(int64_t line) const {
    const Pooling& pooling = pass.pooling;
    const int64_t n_lines = pooling.y.n_windows(), n_x = pooling.x.n_windows();
    const int64_t n_channels = pooling.n_channels;
    const int64_t image = line / n_lines, oy = line - image * n_lines;
    int64_t place = oy * n_x * n_channels;
    for (int64_t ox = 0; ox < n_x; ++ox, place += n_channels) {
      const WindowPixels pixels(pooling, oy, ox);
      if (n_channels < kLanes) {
        for (int64_t channel = 0; channel < n_channels; ++channel) {
          compete<float, int32_t>(pixels, image, channel, place + channel);
        }
      } else {
        for_channel_blocks(
            n_channels, [&](int64_t channel, const Integers&) __attribute__((always_inline)) {
              compete<Floats, Integers>(pixels, image, channel, place + channel);
            });
      }
    }
  }

  /// The first pixel, then all of them: it does not take its own place.
  template <class Values, class Positions>
  RPT_HD void compete(const WindowPixels& pixels, int64_t image, int64_t channel,
                      int64_t place) const {
    const float* from = pass.images.row(image) + channel;
    const auto kernel_width = static_cast<int32_t>(pass.pooling.x.kernel);
    auto best = loaded<Values>(from + pixels.place(pixels.y.tap_begin, pixels.x.tap_begin));
    Positions winner = Positions{} + (static_cast<int32_t>(pixels.y.tap_begin) * kernel_width +
                                      static_cast<int32_t>(pixels.x.tap_begin));
    for (int64_t ky = pixels.y.tap_begin; ky < pixels.y.tap_end; ++ky) {
      for (int64_t kx = pixels.x.tap_begin; kx < pixels.x.tap_end; ++kx) {
        const auto pixel = loaded<Values>(from + pixels.place(ky, kx));
        const auto takes = takes_the_place_of(pixel, best);
        best = takes ? pixel : best;
        winner = takes ? Positions{} + static_cast<int32_t>(ky * kernel_width + kx) : winner;
      }
    }
    memcpy(pass.outputs.row(image) + place, &best, sizeof best);
    if constexpr (kKeepsWinners) memcpy(pass.winners.row(image) + place, &winner, sizeof winner);
  }
};

/// One image. A pixel that a window did not choose gets + (+0), and so do the lanes that a block shares
/// with the one before it: a sum that began at +0 is never -0, so that leaves it as it is.
struct BackwardImage {
  const MaxPoolingBackward& pass;

  RPT_HD void operator()(int64_t image) const {
    const Pooling& pooling = pass.pooling;
    const int64_t n_channels = pooling.n_channels, n_x = pooling.x.n_windows();
    float* gradient = pass.image_gradient.row(image);
    for (int64_t i = 0; i < pass.image_gradient.n_columns; ++i) gradient[i] = 0.0f;
    int64_t place = 0;
    for (int64_t oy = 0; oy < pooling.y.n_windows(); ++oy) {
      for (int64_t ox = 0; ox < n_x; ++ox, place += n_channels) {
        const WindowPixels pixels(pooling, oy, ox);
        if (n_channels < kLanes) {
          for (int64_t channel = 0; channel < n_channels; ++channel) {
            add_terms<float, int32_t>(pixels, image, channel, place + channel, true);
          }
        } else {
          for_channel_blocks(
              n_channels, [&](int64_t channel, const Integers& own) __attribute__((always_inline)) {
                add_terms<Floats, Integers>(pixels, image, channel, place + channel, own);
              });
        }
      }
    }
  }

  /// Only the lanes `own` of the window get a term.
  template <class Values, class Positions, class Chosen>
  RPT_HD void add_terms(const WindowPixels& pixels, int64_t image, int64_t channel, int64_t place,
                        const Chosen& own) const {
    const auto winner = loaded<Positions>(pass.winners.row(image) + place);
    const auto delta = own ? loaded<Values>(pass.delta.row(image) + place) : Values{};
    float* target = pass.image_gradient.row(image) + channel;
    for (int64_t ky = pixels.y.tap_begin; ky < pixels.y.tap_end; ++ky) {
      for (int64_t kx = pixels.x.tap_begin; kx < pixels.x.tap_end; ++kx) {
        const auto position = static_cast<int32_t>(ky * pass.pooling.x.kernel + kx);
        float* const place_of_sum = target + pixels.place(ky, kx);
        const auto term = winner == position ? delta : Values{};
        const Values sum = loaded<Values>(place_of_sum) + term;
        memcpy(place_of_sum, &sum, sizeof sum);
      }
    }
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
