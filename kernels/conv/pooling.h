// SPDX-License-Identifier: Apache-2.0
// Pooling of batches of images, forward and backward.
//
//   maximum         winner = the first pixel, then each that is larger or the first NaN; output = its value
//                   gradient = +0, then + delta of each window that the pixel won, (oy, ox) ascending
//   average         output = (+0 + pixels in (ky, kx) order) / count, padding not counted
//                   gradient = +0, then + delta / count of each window, (oy, ox) ascending
//   global average  output = lane_sum(pixels of the channel) / (H W);  gradient = delta / (H W)
//
// Why: memory-bound passes; vectors run along the channels, which are adjacent.
// Requires: dense matrices; dilation 1; each padding smaller than the kernel; gradients overlap no
// operand.
// Determinism: images are independent. NaN payloads are free here.
// See also: docs/arithmetic.md "Pooling"; window.h, lane_sum.h.
#pragma once

#include <cstdint>

#include "kernels/base/hd.h"
#include "kernels/base/matrix_view.h"
#include "kernels/base/parallel.h"
#include "kernels/conv/window.h"

namespace reprotrain::kernels {

/// The one decision of a maximum, for CPU and CUDA loops.
RPT_HD bool takes_the_place_of(float candidate, float winner) {
  return winner == winner && !(candidate <= winner);
}

struct Pooling {
  WindowAxis y, x;
  int64_t n_channels = 1;

  int64_t n_inputs() const { return y.size * x.size * n_channels; }
  int64_t n_outputs() const { return y.n_windows() * x.n_windows() * n_channels; }
};

/// Throws std::invalid_argument, with a sentence, for a geometry that is none.
void require_pooling(const Pooling& pooling);

using WinnerView = BasicMatrixView<int32_t>;
using ConstWinnerView = BasicMatrixView<const int32_t>;

/// Shapes: `images` and `image_gradient` (n, n_inputs), the rest (n, n_outputs).
struct MaxPoolingForward {
  Pooling pooling;
  ConstMatrixView images;
  MatrixView outputs;  ///< written
  WinnerView winners =
      {};  ///< written; the position ky * KW + kx in the window, which backward needs.
           ///< Without rows where there is no backward: nobody writes it then.

  RPT_HD bool keeps_winners() const { return winners.n_rows > 0; }
};
void max_pooling_forward(const MaxPoolingForward& pass, const Parallel& parallel);

struct MaxPoolingBackward {
  Pooling pooling;
  ConstWinnerView winners;
  ConstMatrixView delta;      ///< gradient of the outputs
  MatrixView image_gradient;  ///< written
};
void max_pooling_backward(const MaxPoolingBackward& pass, const Parallel& parallel);

void average_pooling_forward(const Pooling& pooling, ConstMatrixView images, MatrixView outputs,
                             const Parallel& parallel);
void average_pooling_backward(const Pooling& pooling, ConstMatrixView delta,
                              MatrixView image_gradient, const Parallel& parallel);

/// `images` (n, n_pixels * n_channels), `outputs` and `delta` (n, n_channels).
void global_average_forward(ConstMatrixView images, MatrixView outputs, const Parallel& parallel);
void global_average_backward(ConstMatrixView delta, MatrixView image_gradient,
                             const Parallel& parallel);

}  // namespace reprotrain::kernels
