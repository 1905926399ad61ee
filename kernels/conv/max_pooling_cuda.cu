// SPDX-License-Identifier: Apache-2.0
// Max pooling on a CUDA device:
//
//   forward   a thread an output and channel: the pixels of its window in order
//   backward  a thread a pixel and channel: the windows that hold it in order, of which it adds the delta
//             where it won; no two threads write one number
#include "kernels/conv/image_elements_cuda.h"
#include "kernels/conv/pooling_cuda.h"
#include "kernels/conv/pooling_requirements.h"
#include "kernels/conv/pooling_windows.h"

namespace reprotrain::kernels {
namespace {

__global__ void __launch_bounds__(kImageThreads)
    max_forward(const MaxPoolingForward pass, ImageShape outputs) {
  const Pooling& pooling = pass.pooling;
  for_each_image_element(outputs, [&](const ImageElement& output) {
    const float* channel = pass.images.row(output.image) + output.channel;
    float best = 0.0f;
    int64_t winner = 0;
    bool is_first = true;
    for_pixels(pooling, WindowPart(pooling.y, output.y), WindowPart(pooling.x, output.x),
               [&](int64_t pixel, int64_t position) {
                 const float candidate = channel[pixel * pooling.n_channels];
                 if (is_first || takes_the_place_of(candidate, best)) {
                   best = candidate;
                   winner = position;
                 }
                 is_first = false;
               });
    pass.outputs.data[output.index] = best;
    if (pass.keeps_winners()) pass.winners.data[output.index] = static_cast<int32_t>(winner);
  });
}

__global__ void __launch_bounds__(kImageThreads)
    max_backward(const MaxPoolingBackward pass, ImageShape inputs) {
  const Pooling& pooling = pass.pooling;
  const int64_t n_x = pooling.x.n_windows();
  for_each_image_element(inputs, [&](const ImageElement& input) {
    const float* delta = pass.delta.row(input.image) + input.channel;
    const int32_t* winners = pass.winners.row(input.image) + input.channel;
    float gradient = 0.0f;
    for_windows_of_pixel(pooling, input.y, input.x, [&](int64_t oy, int64_t ox) {
      const int64_t window = (oy * n_x + ox) * pooling.n_channels;
      const int64_t ky = input.y - pooling.y.first_place(oy);
      const int64_t kx = input.x - pooling.x.first_place(ox);
      if (winners[window] == static_cast<int32_t>(ky * pooling.x.kernel + kx)) {
        gradient = gradient + delta[window];
      }
    });
    pass.image_gradient.data[input.index] = gradient;
  });
}

}  // namespace

void max_pooling_forward_cuda(const MaxPoolingForward& pass, cudaStream_t stream) {
  require_matching(pass);
  const Pooling& p = pass.pooling;
  const ImageShape outputs{pass.images.n_rows, p.y.n_windows(), p.x.n_windows(), p.n_channels};
  if (outputs.n_images == 0) return;
  launch(max_forward, launch_over(outputs), stream, pass, outputs);
}

void max_pooling_backward_cuda(const MaxPoolingBackward& pass, cudaStream_t stream) {
  require_matching(pass);
  const Pooling& p = pass.pooling;
  const ImageShape inputs{pass.delta.n_rows, p.y.size, p.x.size, p.n_channels};
  if (inputs.n_images == 0) return;
  launch(max_backward, launch_over(inputs), stream, pass, inputs);
}

}  // namespace reprotrain::kernels
