// SPDX-License-Identifier: Apache-2.0
// A thread an element of the result; each draws its image's move anew, ten rounds of integers beside a
// read and a write.
// See also: image_moves.h.
#include "kernels/conv/image_moves_cuda.h"

#include "kernels/conv/image_elements_cuda.h"

namespace reprotrain::kernels {
namespace {

__global__ void __launch_bounds__(kImageThreads)
    move_elements(const ImageMoves moves, RandomStream random, const uint32_t* step,
                  const MovePass pass, const ConstMatrixView from, const MatrixView to) {
  if (step != nullptr) random.step = *step;
  for_each_image_element(
      {to.n_rows, moves.height, moves.width, moves.n_channels}, [&](const ImageElement& element) {
        const ImageMove move = ImageMove::draw(moves, random, element.image);
        const int64_t source = move.source(moves, pass, element.y, element.x);
        to.data[element.index] =
            source < 0 ? 0.0f
                       : from.row(element.image)[source * moves.n_channels + element.channel];
      });
}

}  // namespace

void move_images_cuda(const ImageMoves& moves, RandomStream random, MovePass pass,
                      ConstMatrixView from, MatrixView to, cudaStream_t stream,
                      const uint32_t* step) {
  require_moves(moves, from, to);
  const ImageShape shape{to.n_rows, moves.height, moves.width, moves.n_channels};
  if (shape.n_images == 0) return;
  launch(move_elements, launch_over(shape), stream, moves, random, step, pass, from, to);
}

}  // namespace reprotrain::kernels
