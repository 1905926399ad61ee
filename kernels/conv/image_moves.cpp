// SPDX-License-Identifier: Apache-2.0
#include "kernels/conv/image_moves.h"

#include <algorithm>

#include "kernels/base/require.h"
#include "kernels/conv/pooling_windows.h"
#include "kernels/conv/window.h"

namespace reprotrain::kernels {

void require_moves(const ImageMoves& moves, const ConstMatrixView& from,
                   const ConstMatrixView& to) {
  require(std::min(moves.height, moves.width) >= 1 &&
              std::max(moves.height, moves.width) <= kMostPixelsOfAxis,
          "image moves: sides are from 1 to 65536");
  require_channels(moves.n_channels);
  require(moves.longest_shift >= 0 && moves.longest_shift <= kLongestShift,
          "image moves: the longest shift is from 0 to 65536");
  require(moves.flip_threshold <= uint64_t{1} << 32, "image moves: a probability is at most 1");
  require_images(from, from.n_rows, moves.n_numbers(), "from");
  require_images(to, from.n_rows, moves.n_numbers(), "to");
}

void move_images(const ImageMoves& moves, RandomStream stream, MovePass pass, ConstMatrixView from,
                 MatrixView to, const Parallel& parallel) {
  require_moves(moves, from, to);
  const auto move_row = [&](int64_t row) {
    const ImageMove move = ImageMove::draw(moves, stream, row);
    const float* const image = from.row(row);
    float* pixel = to.row(row);
    for (int64_t y = 0; y < moves.height; ++y) {
      for (int64_t x = 0; x < moves.width; ++x, pixel += moves.n_channels) {
        const int64_t source = move.source(moves, pass, y, x);
        if (source < 0) {
          std::fill_n(pixel, moves.n_channels, 0.0f);
        } else {
          std::copy_n(image + source * moves.n_channels, moves.n_channels, pixel);
        }
      }
    }
  };
  parallel.for_ranges(from.n_rows, grain_of_rows(moves.n_numbers()),
                      [&](int64_t begin, int64_t end) {
                        for (int64_t row = begin; row < end; ++row) move_row(row);
                      });
}

}  // namespace reprotrain::kernels
