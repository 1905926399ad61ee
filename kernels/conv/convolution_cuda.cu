// SPDX-License-Identifier: Apache-2.0
// The forward pass on a CUDA device:
//
//   for each chunk of output pixels, for each group
//     copy its patches to work space (none where patches are pixels)
//     outputs of the chunk = patches * weight of the group + bias
#include "kernels/conv/convolution_cuda.h"

#include <algorithm>

#include "kernels/conv/convolution_shapes.h"
#include "kernels/conv/patches_cuda.h"

namespace reprotrain::kernels {
namespace {

int64_t n_patches(const ConvolutionForward& pass) {
  return pass.images.n_rows * pass.convolution.n_windows();
}

/// Rows of one product.
int64_t rows_at_a_time(const ConvolutionForward& pass, const ConvolutionPlan& plan) {
  const Convolution& c = pass.convolution;
  const int64_t n_rows = n_patches(pass);
  if (patches_are_pixels(c)) return n_rows;
  return rows_of_chunk(pass.chunk, c.n_weight_rows(), n_rows, plan);
}

}  // namespace

int64_t rows_of_chunk(const PatchChunk& chunk, int64_t depth, int64_t n_rows,
                      const ConvolutionPlan& plan) {
  constexpr int64_t kRowStep = 128;  // tiles of products
  int64_t rows = chunk.n_rows;
  if (rows == 0) {
    rows = plan.chunk_bytes / (std::max<int64_t>(1, depth) * static_cast<int64_t>(sizeof(float)));
    rows = std::max<int64_t>(1, rows >= kRowStep ? rows / kRowStep * kRowStep : rows);
  }
  return std::min(rows, n_rows);
}

int64_t convolution_workspace_bytes(const ConvolutionForward& pass, const ConvolutionPlan& plan) {
  const Convolution& c = pass.convolution;
  require_convolution(c);
  const int64_t depth = c.n_weight_rows(), n_rows = rows_at_a_time(pass, plan);
  const int64_t product =
      matmul_workspace_bytes(pass.product, {n_rows, c.group_out(), depth}, plan.matmul);
  if (patches_are_pixels(c)) return product;
  return DeviceWorkspace::bytes_for<float>(n_rows * depth) + product;
}

void convolution_forward_cuda(const ConvolutionForward& pass, const ConvolutionPlan& plan,
                              DeviceWorkspace workspace, cudaStream_t stream) {
  require_matching(pass);
  const Convolution& c = pass.convolution;
  const int64_t n_rows = n_patches(pass), depth = c.n_weight_rows();
  const int64_t chunk_rows = rows_at_a_time(pass, plan);
  const bool in_place = patches_are_pixels(c);
  float* const memory = in_place ? nullptr : workspace.take<float>(chunk_rows * depth);
  for (int64_t row = 0; row < n_rows; row += chunk_rows) {
    const int64_t row_end = std::min(row + chunk_rows, n_rows);
    for (int64_t group = 0; group < c.n_groups; ++group) {
      ConstMatrixView patches = dense_view<const float>(memory, row_end - row, depth);
      if (in_place) {
        patches = group_of_pixels(pass.images, c.n_channels_in, group, c.n_groups);
      } else {
        gather_patches_cuda(windows_of(pass.images, c, group * c.group_in(), c.group_in()),
                            {row, row_end, 0, c.n_taps()}, memory, stream);
      }
      const auto outputs = group_of_pixels(pass.outputs, c.n_channels_out, group, c.n_groups);
      multiply_cuda(pass.product,
                    product_of_patches(pass, group, patches, rows_of(outputs, row, row_end)),
                    plan.matmul, workspace, stream);
    }
  }
}

}  // namespace reprotrain::kernels
