// SPDX-License-Identifier: Apache-2.0
// A global average is a lane_sum of each channel. A block takes 32 channels side by side and a thread
// four lanes of one of them, so that a warp reads neighbouring channels of one pixel:
//
//   thread (r, channel) has lanes r, r + 8, r + 16, r + 24;  pixel p is of lane p mod 32
//   widths 16 and 8 of the tree in its registers, widths 4, 2 and 1 in shared memory
#include "kernels/conv/image_elements_cuda.h"
#include "kernels/conv/pooling_cuda.h"
#include "kernels/conv/pooling_requirements.h"
#include "kernels/conv/pooling_windows.h"
#include "kernels/reduce/lane_sum.h"

namespace reprotrain::kernels {
namespace {

__global__ void __launch_bounds__(kImageThreads)
    average_forward(const Pooling pooling, ConstMatrixView images, float* averages,
                    ImageShape outputs) {
  for_each_image_element(outputs, [&](const ImageElement& output) {
    const float* channel = images.row(output.image) + output.channel;
    const WindowPart y(pooling.y, output.y), x(pooling.x, output.x);
    float sum = 0.0f;
    for_pixels(pooling, y, x, [&](int64_t pixel, int64_t /*position*/) {
      sum = sum + channel[pixel * pooling.n_channels];
    });
    averages[output.index] = sum / count_of(y, x);
  });
}

__global__ void __launch_bounds__(kImageThreads)
    average_backward(const Pooling pooling, ConstMatrixView delta, float* gradients,
                     ImageShape inputs) {
  const int64_t n_x = pooling.x.n_windows();
  for_each_image_element(inputs, [&](const ImageElement& input) {
    const float* channel = delta.row(input.image) + input.channel;
    float gradient = 0.0f;
    for_windows_of_pixel(pooling, input.y, input.x, [&](int64_t oy, int64_t ox) {
      const float count = count_of(WindowPart(pooling.y, oy), WindowPart(pooling.x, ox));
      gradient = gradient + channel[(oy * n_x + ox) * pooling.n_channels] / count;
    });
    gradients[input.index] = gradient;
  });
}

constexpr int kChannelsOfBlock = 32;
constexpr int kThreadsOfChannel = 8;
constexpr int kLanesOfThread = static_cast<int>(kSumLanes) / kThreadsOfChannel;
constexpr unsigned kGlobalThreads = kChannelsOfBlock * kThreadsOfChannel;
static_assert(kLanesOfThread == 4, "the tree below");

/// Widths 16 and 8 of the tree over the lanes of one channel, `pixels` from its first one on.
__device__ float sum_of_lanes(const float* pixels, int64_t n_pixels, int64_t n_channels,
                              int first_lane) {
  float lanes[kLanesOfThread] = {};
  for (int64_t p = first_lane; p < n_pixels; p += kSumLanes) {
#pragma unroll
    for (int i = 0; i < kLanesOfThread; ++i) {
      const int64_t pixel = p + i * kThreadsOfChannel;
      if (pixel < n_pixels) lanes[i] = lanes[i] + pixels[pixel * n_channels];
    }
  }
  return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
}

__global__ void __launch_bounds__(kGlobalThreads)
    global_forward(ConstMatrixView images, MatrixView outputs) {
  __shared__ float sums[kThreadsOfChannel][kChannelsOfBlock];
  const int64_t n_channels = outputs.n_columns;
  const int64_t n_pixels = images.n_columns / n_channels;
  const int64_t parts = ceil_div(n_channels, kChannelsOfBlock);
  const int column = static_cast<int>(threadIdx.x) % kChannelsOfBlock;
  const int row = static_cast<int>(threadIdx.x) / kChannelsOfBlock;
  for (int64_t i = blockIdx.x; i < outputs.n_rows * parts; i += gridDim.x) {
    const int64_t image = i / parts;
    const int64_t channel = i % parts * kChannelsOfBlock + column;
    const bool exists = channel < n_channels;
    sums[row][column] =
        exists ? sum_of_lanes(images.row(image) + channel, n_pixels, n_channels, row) : 0.0f;
    for (int width = kThreadsOfChannel / 2; width >= 1; width /= 2) {
      __syncthreads();
      if (row < width) sums[row][column] = sums[row][column] + sums[row + width][column];
    }
    if (row == 0 && exists) {
      outputs(image, channel) = sums[0][column] / static_cast<float>(n_pixels);
    }
    __syncthreads();
  }
}

__global__ void __launch_bounds__(kImageThreads)
    global_backward(ConstMatrixView delta, MatrixView image_gradient) {
  const int64_t n_columns = image_gradient.n_columns;
  const auto count = static_cast<float>(n_columns / delta.n_columns);
  for (int64_t i = thread_of_grid(); i < delta.n_rows * n_columns; i += threads_of_grid()) {
    const int64_t image = i / n_columns;
    const int64_t place = i - image * n_columns;
    image_gradient(image, place) = delta(image, place % delta.n_columns) / count;
  }
}

}  // namespace

void average_pooling_forward_cuda(const Pooling& pooling, ConstMatrixView images,
                                  MatrixView outputs, cudaStream_t stream) {
  require_matching(pooling, images, outputs);
  const ImageShape shape{images.n_rows, pooling.y.n_windows(), pooling.x.n_windows(),
                         pooling.n_channels};
  if (shape.n_images == 0) return;
  launch(average_forward, launch_over(shape), stream, pooling, images, outputs.data, shape);
}

void average_pooling_backward_cuda(const Pooling& pooling, ConstMatrixView delta,
                                   MatrixView image_gradient, cudaStream_t stream) {
  require_matching(pooling, image_gradient, delta);
  const ImageShape shape{delta.n_rows, pooling.y.size, pooling.x.size, pooling.n_channels};
  if (shape.n_images == 0) return;
  launch(average_backward, launch_over(shape), stream, pooling, delta, image_gradient.data, shape);
}

void global_average_forward_cuda(ConstMatrixView images, MatrixView outputs, cudaStream_t stream) {
  require_averages(images, outputs);
  if (images.n_rows == 0) return;
  const int64_t n_blocks = outputs.n_rows * ceil_div(outputs.n_columns, kChannelsOfBlock);
  launch(global_forward, {blocks_for(n_blocks, 1), kGlobalThreads}, stream, images, outputs);
}

void global_average_backward_cuda(ConstMatrixView delta, MatrixView image_gradient,
                                  cudaStream_t stream) {
  require_averages(image_gradient, delta);
  if (delta.n_rows == 0) return;
  const int64_t n_elements = delta.n_rows * image_gradient.n_columns;
  launch(global_backward, {blocks_for(n_elements, kImageThreads), kImageThreads}, stream, delta,
         image_gradient);
}

}  // namespace reprotrain::kernels
