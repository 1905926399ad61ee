// SPDX-License-Identifier: Apache-2.0
// Patches times a matrix without a copy of the patches: the forward pass, and a phase of an input gradient.
// See also: patch_lines.h, kernels/matmul/line_product.h.
#pragma once

#include <cstdint>

#include "kernels/base/matrix_view.h"
#include "kernels/base/parallel.h"
#include "kernels/conv/patch_lines.h"

namespace reprotrain::kernels {

/// C[line l, row r], group g: n_columns numbers at c(l) + r * c_step + g * n_columns.
struct LineConvolution {
  const PatchLines& patches;  ///< of group 0; the channels of group g are g * n_taken further on
  int64_t n_groups = 1;
  int64_t n_taken = 1;             ///< channels of a patch
  const float* weights = nullptr;  ///< for each group (depth, n_columns), as strides say
  int64_t weight_group_stride = 0;
  int64_t weight_row_stride = 0;
  int64_t n_columns = 0;  ///< of a group
  const float* bias = nullptr;
  float* outputs = nullptr;
  int64_t lines_of_image = 1, image_stride = 0, line_stride = 0, c_step = 0;
  int64_t most_rows = 0;  ///< of a chunk; 0: as suits the caches

  float* c_line(int64_t line) const {
    const int64_t image = line / lines_of_image;
    return outputs + image * image_stride + (line - image * lines_of_image) * line_stride;
  }
};

void run_line_convolution(const LineConvolution& convolution, const Parallel& parallel);

}  // namespace reprotrain::kernels
