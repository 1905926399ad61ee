// SPDX-License-Identifier: Apache-2.0
// Random moves of images: augmentation that is a pure function of (seed, layer, step, row).
//
//   w0 ... w3   words 4n ... 4n + 3 of the stream; n: row within the batch
//   flips       w0 < flip_threshold;   f(x) = W - 1 - x if it flips, else x
//   dy, dx      floor(w1 * (2 r + 1) / 2^32) - r, and so with w2; r: the longest shift
//   outputs     out[y][x] = image[y - dy][f(x) - dx] where that is in the image, else +0
//   backward    g[y][x] = delta[y + dy][f(x + dx)] where that is in the image, else +0
//   stream      (seed, stream_of(kAugmentation, layer), step)
//
// Why: each image is read and written once, at the beginning of a training step.
// Requires: dense matrices that do not overlap.
// Determinism: images are independent, given their rows; copies change no bit. Nothing is stored between the two passes.
// See also: docs/arithmetic.md "Configured networks"; philox.h.
#pragma once

#include <cstdint>

#include "kernels/base/hd.h"
#include "kernels/base/matrix_view.h"
#include "kernels/base/parallel.h"
#include "kernels/random/philox.h"

namespace reprotrain::kernels {

struct ImageMoves {
  int64_t height = 1;
  int64_t width = 1;
  int64_t n_channels = 1;
  uint64_t flip_threshold = 0;  ///< of 2^32
  int64_t longest_shift = 0;    ///< pixels, along either axis

  /// The threshold for flipping with `probability`, in [0, 1].
  static uint64_t threshold_of(double probability) {
    return static_cast<uint64_t>(probability * 0x1p32);
  }
  RPT_HD int64_t n_numbers() const { return height * width * n_channels; }
};

/// Largest longest_shift: that of the largest image.
inline constexpr int64_t kLongestShift = int64_t{1} << 16;

enum class MovePass { kForward, kBackward };

/// What becomes of one image.
struct ImageMove {
  bool flips;
  int64_t dy, dx;

  RPT_HD static int64_t shift_of(uint32_t word, int64_t longest) {
    return static_cast<int64_t>((uint64_t{word} * static_cast<uint64_t>(2 * longest + 1)) >> 32) -
           longest;
  }
  /// Of row `row` of a batch.
  RPT_HD static ImageMove draw(const ImageMoves& moves, RandomStream stream, int64_t row) {
    const PhiloxBlock block = random_block(stream, static_cast<uint64_t>(row));
    return {block.word[0] < moves.flip_threshold, shift_of(block.word[1], moves.longest_shift),
            shift_of(block.word[2], moves.longest_shift)};
  }

  /// The pixel that pixel (y, x) of the result is, or -1 for +0.
  RPT_HD int64_t source(const ImageMoves& moves, MovePass pass, int64_t y, int64_t x) const {
    const bool is_forward = pass == MovePass::kForward;
    const int64_t from_y = is_forward ? y - dy : y + dy;
    const int64_t last = moves.width - 1;
    // Forward flips where it writes, backward where it reads: each undoes the other.
    const int64_t shifted = is_forward ? (flips ? last - x : x) - dx : x + dx;
    if (from_y < 0 || from_y >= moves.height || shifted < 0 || shifted >= moves.width) return -1;
    const int64_t from_x = !is_forward && flips ? last - shifted : shifted;
    return from_y * moves.width + from_x;
  }
};

/// Moves every row of `from` into `to`, both (n, n_numbers). Throws std::invalid_argument, with a sentence, for
/// shapes and moves that are none.
void move_images(const ImageMoves& moves, RandomStream stream, MovePass pass, ConstMatrixView from,
                 MatrixView to, const Parallel& parallel);

/// Throws as move_images does.
void require_moves(const ImageMoves& moves, const ConstMatrixView& from, const ConstMatrixView& to);

}  // namespace reprotrain::kernels
