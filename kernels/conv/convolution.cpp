// SPDX-License-Identifier: Apache-2.0
// The forward pass; fma32 reads patches in place where that is worthwhile (line_convolution.h), else:
//
//   for each (chunk of output pixels, group)                                       (parallel)
//     copy its patches to work space
//     outputs of the chunk = patches * weight of the group + bias
#include "kernels/conv/convolution.h"

#include "kernels/base/require.h"
#include "kernels/base/work_space.h"
#include "kernels/conv/convolution_shapes.h"
#include "kernels/conv/line_convolution.h"

namespace reprotrain::kernels {

namespace {

void run_lines(const ConvolutionForward& pass, const PatchLines& patches,
               const Parallel& parallel) {
  const Convolution& c = pass.convolution;
  LineConvolution lines{patches};
  lines.n_groups = c.n_groups;
  lines.n_taken = c.group_in();
  lines.weights = pass.weight.data;
  lines.weight_group_stride = c.group_out();
  lines.weight_row_stride = pass.weight.row_stride;
  lines.n_columns = c.group_out();
  lines.bias = pass.bias.empty() ? nullptr : pass.bias.data();
  lines.outputs = pass.outputs.data;
  lines.lines_of_image = c.y.n_windows();
  lines.image_stride = c.n_outputs();
  lines.line_stride = c.x.n_windows() * c.n_channels_out;
  lines.c_step = c.n_channels_out;
  lines.most_rows = pass.chunk.n_rows;
  run_line_convolution(lines, parallel);
}

}  // namespace

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
  const PatchLines lines(windows_of(pass.images, c, 0, c.group_in()));
  if (pass.product == MatmulSpecification::kFma32 && lines.is_worthwhile()) {
    return run_lines(pass, lines, parallel);
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
