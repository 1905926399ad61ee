// SPDX-License-Identifier: Apache-2.0
// How the threads of a grid walk over the elements of a batch of images, channels side by side.
//
// Why: neighbouring threads have neighbouring channels, so that a warp reads whole sectors.
// Determinism: the grid never reaches a value.
#pragma once

#include <cstdint>

#include "kernels/base/cuda_grid.h"
#include "kernels/base/cuda_launch.h"

namespace reprotrain::kernels {

/// Dense images, (n_images, height * width * n_channels).
struct ImageShape {
  int64_t n_images, height, width, n_channels;

  RPT_HD int64_t size() const { return n_images * height * width * n_channels; }
};

struct ImageElement {
  int64_t index;  ///< in memory
  int64_t image, y, x, channel;
};

inline constexpr unsigned kImageThreads = 256;

/// Calls `use(element)` for the elements that fall to this thread.
template <class Use>
__device__ __forceinline__ void for_each_image_element(const ImageShape& shape, const Use& use) {
  const int64_t size = shape.size();
  for (int64_t index = thread_of_grid(); index < size; index += threads_of_grid()) {
    const int64_t pixel = index / shape.n_channels;
    const int64_t line = pixel / shape.width;
    const int64_t image = line / shape.height;
    use(ImageElement{index, image, line - image * shape.height, pixel - line * shape.width,
                     index - pixel * shape.n_channels});
  }
}

/// Blocks for one thread an element.
inline LaunchShape launch_over(const ImageShape& shape) {
  return {blocks_for(shape.size(), kImageThreads), kImageThreads};
}

}  // namespace reprotrain::kernels
