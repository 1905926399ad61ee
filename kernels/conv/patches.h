// SPDX-License-Identifier: Apache-2.0
// Patches of images as rows of a matrix: what turns a convolution into matrix products.
//
//   row (n, py, px), column (ty, tx, i), each ascending:
//     images[n][first_y + py * position_step_y + ty * tap_step_y][the same for x][first_channel + i],
//     +0 outside of the image
//
// One description serves all passes: forward and weight gradient take windows of the inputs, the input
// gradient those of the outputs' gradient, where taps step backwards.
// Why: a chunk of rows is copied to work space that stays in the second-level cache and multiplied
// there; no matrix of all patches of a batch exists.
// Determinism: copies only; chunks never reach a value.
#pragma once

#include <cstdint>

#include "kernels/base/matrix_view.h"

namespace reprotrain::kernels {

struct PatchAxis {
  int64_t size = 1;  ///< pixels of the image
  int64_t n_positions = 1;
  int64_t n_taps = 1;
  int64_t first = 0;
  int64_t position_step = 1;
  int64_t tap_step = 1;

  RPT_HD int64_t place(int64_t position, int64_t tap) const {
    return first + position * position_step + tap * tap_step;
  }
};

struct Patches {
  ConstMatrixView images;  ///< (n, y.size * x.size * n_channels)
  int64_t n_channels = 1;
  int64_t first_channel = 0;
  int64_t n_taken = 1;  ///< channels of a patch
  PatchAxis y, x;

  /// Channel first_channel of what `row` has at a tap, numbered as in a PatchRange; null outside.
  RPT_HD const float* pixel(int64_t row, int64_t tap) const {
    const int64_t line = row / x.n_positions, image = line / y.n_positions;
    const int64_t tap_y = tap / x.n_taps;
    const int64_t place_y = y.place(line - image * y.n_positions, tap_y);
    const int64_t place_x = x.place(row - line * x.n_positions, tap - tap_y * x.n_taps);
    if (place_y < 0 || place_y >= y.size || place_x < 0 || place_x >= x.size) return nullptr;
    return images.row(image) + (place_y * x.size + place_x) * n_channels + first_channel;
  }

  int64_t n_rows() const { return images.n_rows * y.n_positions * x.n_positions; }
  int64_t n_taps() const { return y.n_taps * x.n_taps; }
};

struct PatchRange {
  int64_t row_begin;
  int64_t row_end;
  int64_t tap_begin;  ///< numbered ty * x.n_taps + tx
  int64_t tap_end;
};

/// Writes the rows and taps of `range` to `target`, (rows, taps * n_taken), dense.
void gather_patches(const Patches& patches, const PatchRange& range, float* target);

/// Every step_y-th row and step_x-th column of the pixels of images, and some of their channels. Row
/// (n, py, px) of a grid is pixel (first_y + py * step_y, first_x + px * step_x) of image n.
struct PixelGrid {
  MatrixView images;  ///< (n, height * width * n_channels)
  int64_t width = 1;
  int64_t n_channels = 1;
  int64_t first_channel = 0;
  int64_t n_taken = 1;
  int64_t n_y = 1, first_y = 0, step_y = 1;
  int64_t n_x = 1, first_x = 0, step_x = 1;

  /// Channel first_channel of the pixel that is a row of the grid.
  RPT_HD float* pixel(int64_t row) const {
    const int64_t line = row / n_x, image = line / n_y;
    const int64_t x = first_x + (row - line * n_x) * step_x;
    const int64_t y = first_y + (line - image * n_y) * step_y;
    return images.row(image) + (y * width + x) * n_channels + first_channel;
  }

  int64_t n_rows() const { return images.n_rows * n_y * n_x; }
};

/// Copies rows of `source`, (row_end - row_begin, n_taken), dense, to the pixels of these rows.
void scatter_pixels(const PixelGrid& grid, int64_t row_begin, int64_t row_end, const float* source);

}  // namespace reprotrain::kernels
