// SPDX-License-Identifier: Apache-2.0
// The weight gradient, slice by slice of the columns of all patches:
//
//   copy the slice, all of its rows, to work space
//   gradient of its rows of the weight = transposed slice * delta of the group
//
// A product over all rows: chains of fma32 are folded in their order, and the scale of a column of
// integer slices is that of all its terms.
#include <algorithm>

#include "kernels/conv/convolution_cuda.h"
#include "kernels/conv/convolution_shapes.h"
#include "kernels/conv/patch_slices.h"
#include "kernels/conv/patches_cuda.h"
#include "kernels/reduce/column_sums_cuda.h"

namespace reprotrain::kernels {
namespace {

int64_t n_patches(const ConvolutionWeightGradient& pass) {
  return pass.images.n_rows * pass.convolution.n_windows();
}

/// Columns of a slice at most.
int64_t most_columns(const ConvolutionWeightGradient& pass, const ConvolutionPlan& plan) {
  const int64_t n_columns = pass.convolution.n_weight_rows();
  if (patches_are_pixels(pass.convolution)) return n_columns;
  const int64_t column_bytes =
      std::max<int64_t>(1, n_patches(pass)) * static_cast<int64_t>(sizeof(float));
  return std::clamp<int64_t>(plan.slice_bytes / column_bytes, 1, n_columns);
}

int64_t bias_bytes(const ConvolutionWeightGradient& pass) {
  return column_sums_bytes(static_cast<int64_t>(pass.bias_gradient.size()));
}

}  // namespace

int64_t convolution_workspace_bytes(const ConvolutionWeightGradient& pass,
                                    const ConvolutionPlan& plan) {
  const Convolution& c = pass.convolution;
  require_convolution(c);
  const int64_t n_rows = n_patches(pass), n_columns = most_columns(pass, plan);
  const int64_t bias = bias_bytes(pass);
  const int64_t product =
      matmul_workspace_bytes(pass.product, {n_columns, c.group_out(), n_rows}, plan.matmul);
  if (patches_are_pixels(c)) return bias + product;
  return bias + DeviceWorkspace::bytes_for<float>(n_rows * n_columns) + product;
}

void convolution_weight_gradient_cuda(const ConvolutionWeightGradient& pass,
                                      const ConvolutionPlan& plan, DeviceWorkspace workspace,
                                      cudaStream_t stream) {
  require_matching(pass);
  const Convolution& c = pass.convolution;
  column_sums_cuda(group_of_pixels(pass.delta, c.n_channels_out, 0, 1),
                   {workspace.take<unsigned char>(bias_bytes(pass)), bias_bytes(pass)},
                   pass.bias_gradient, stream);
  if (patches_are_pixels(c)) {
    for (int64_t group = 0; group < c.n_groups; ++group) {
      multiply_cuda(pass.product, product_of_pixels(pass, group), plan.matmul, workspace, stream);
    }
    return;
  }
  const int64_t n_rows = n_patches(pass);
  const PatchSlices slices(c, most_columns(pass, plan));
  float* const memory = workspace.take<float>(n_rows * most_columns(pass, plan));
  for (int64_t i = 0; i < slices.count(); ++i) {
    const PatchSlice slice = slices[i];
    gather_patches_cuda(slice.patches(c, pass.images), {0, n_rows, slice.tap_begin, slice.tap_end},
                        memory, stream);
    multiply_cuda(pass.product,
                  {dense_view<const float>(memory, n_rows, slice.n_columns()), true,
                   group_of_pixels(pass.delta, c.n_channels_out, slice.group, c.n_groups), false,
                   slice.gradient(c, pass.weight_gradient)},
                  plan.matmul, workspace, stream);
  }
}

}  // namespace reprotrain::kernels
