// SPDX-License-Identifier: Apache-2.0
// The forward pass:
//
//   for each (chunk of output pixels, group)                                       (parallel)
//     copy its patches to work space
//     outputs of the chunk = patches * weight of the group + bias
#include "kernels/conv/convolution.h"

#include "kernels/base/require.h"
#include "kernels/base/work_space.h"
#include "kernels/conv/convolution_shapes.h"

namespace reprotrain::kernels {

void require_convolution(const Convolution& convolution) {
  require_axis(convolution.y);
  require_axis(convolution.x);
  require_channels(convolution.n_channels_in);
  require_channels(convolution.n_channels_out);
  require(convolution.n_groups >= 1 && convolution.n_channels_in % convolution.n_groups == 0 &&
              convolution.n_channels_out % convolution.n_groups == 0,
          "convolution: the number of groups does not divide both numbers of channels");
}

void convolution_forward(const ConvolutionForward& pass, const Parallel& parallel) {
  require_matching(pass);
  const Convolution& c = pass.convolution;
  const auto outputs_of = [&](int64_t group) {
    return group_of_pixels(pass.outputs, c.n_channels_out, group, c.n_groups);
  };
  if (patches_are_pixels(c)) {
    for (int64_t group = 0; group < c.n_groups; ++group) {
      const auto pixels = group_of_pixels(pass.images, c.n_channels_in, group, c.n_groups);
      multiply(pass.product, product_of_patches(pass, group, pixels, outputs_of(group)), parallel);
    }
    return;
  }
  const int64_t depth = c.n_weight_rows();
  const int64_t n_rows = pass.images.n_rows * c.n_windows();
  const int64_t chunk_rows = rows_of_chunk(pass.chunk, depth);
  const int64_t n_tasks = ceil_div(n_rows, chunk_rows) * c.n_groups;
  parallel.for_ranges(
      n_tasks, chunk_grain(chunk_rows, depth, c.group_out()), [&](int64_t begin, int64_t end) {
        const WorkSpace memory(chunk_rows * depth);
        for (int64_t task = begin; task < end; ++task) {
          const int64_t group = task % c.n_groups;
          const int64_t row = task / c.n_groups * chunk_rows;
          const int64_t row_end = std::min(row + chunk_rows, n_rows);
          gather_patches(windows_of(pass.images, c, group * c.group_in(), c.group_in()),
                         {row, row_end, 0, c.n_taps()}, memory.data());
          const auto patches = dense_view<const float>(memory.data(), row_end - row, depth);
          const auto outputs = rows_of(outputs_of(group), row, row_end);
          multiply(pass.product, product_of_patches(pass, group, patches, outputs),
                   SerialParallel());
        }
      });
}

}  // namespace reprotrain::kernels
