// SPDX-License-Identifier: Apache-2.0
// The input gradient, phase by phase: pixels that the same taps reach.
//
//   copy the weight of the phase, transposed, to work space
//   for each (chunk of its pixels, group)
//     copy the patches of delta to work space; they step backwards from tap to tap
//     gradient of the pixels = patches * weight of the phase and group
//     copy it to the pixels, where they do not follow one another
#include <algorithm>

#include "kernels/base/cuda_grid.h"
#include "kernels/base/cuda_launch.h"
#include "kernels/conv/convolution_cuda.h"
#include "kernels/conv/convolution_shapes.h"
#include "kernels/conv/input_gradient_phase.h"
#include "kernels/conv/patches_cuda.h"

namespace reprotrain::kernels {
namespace {

constexpr unsigned kThreads = 256;

/// A convolution's counts, as the kernel needs them.
struct WeightShape {
  int64_t n_kernel_columns, group_in, group_out, n_groups;
};

/// target[group][q][j][i] = weight[tap q of the phase, i][group, j].
__global__ void __launch_bounds__(kThreads)
    transpose_weight(ConstMatrixView weight, WeightShape shape, const Phase phase, float* target) {
  const int64_t n = phase.n_taps() * shape.group_in * shape.group_out * shape.n_groups;
  for (int64_t index = thread_of_grid(); index < n; index += threads_of_grid()) {
    const int64_t row = index / shape.group_in, i = index - row * shape.group_in;
    const int64_t tap = row / shape.group_out, j = row - tap * shape.group_out;
    const int64_t group = tap / phase.n_taps(), q = tap - group * phase.n_taps();
    target[index] = weight(phase.tap_of_kernel(q, shape.n_kernel_columns) * shape.group_in + i,
                           group * shape.group_out + j);
  }
}

class InputGradient {
 public:
  InputGradient(const ConvolutionInputGradient& pass, const ConvolutionPlan& plan)
      : pass_(pass),
        plan_(plan),
        c_(pass.convolution),
        in_place_(c_.y.stride == 1 && c_.x.stride == 1) {
    for_phases(c_, [&](const Phase& phase) {
      const int64_t depth = depth_of(phase), rows = chunk_rows(phase);
      if (rows == 0) return;
      weight_size_ = std::max(weight_size_, depth * c_.group_in() * c_.n_groups);
      patches_size_ = std::max(patches_size_, rows * depth);
      pixels_size_ = std::max(pixels_size_, in_place_ ? 0 : rows * c_.group_in());
      product_bytes_ =
          std::max(product_bytes_,
                   matmul_workspace_bytes(pass.product, {rows, c_.group_in(), depth}, plan.matmul));
    });
  }

  int64_t workspace_bytes() const {
    return DeviceWorkspace::bytes_for<float>(weight_size_) +
           DeviceWorkspace::bytes_for<float>(patches_size_) +
           DeviceWorkspace::bytes_for<float>(pixels_size_) + product_bytes_;
  }

  void run(DeviceWorkspace workspace, cudaStream_t stream) const {
    float* const weight = workspace.take<float>(weight_size_);
    float* const patches = workspace.take<float>(patches_size_);
    float* const pixels = workspace.take<float>(pixels_size_);
    const Memory memory{weight, patches, pixels, workspace};
    for_phases(c_, [&](const Phase& phase) {
      if (n_pixels(phase) > 0) run_phase(phase, memory, stream);
    });
  }

 private:
  struct Memory {
    float *weight, *patches, *pixels;
    DeviceWorkspace product;
  };

  int64_t depth_of(const Phase& phase) const { return phase.n_taps() * c_.group_out(); }
  int64_t n_pixels(const Phase& phase) const {
    return pass_.delta.n_rows * phase.y.n_places * phase.x.n_places;
  }
  int64_t chunk_rows(const Phase& phase) const {
    return rows_of_chunk(pass_.chunk, depth_of(phase), n_pixels(phase), plan_);
  }

  void run_phase(const Phase& phase, const Memory& memory, cudaStream_t stream) const {
    const int64_t n_weights = depth_of(phase) * c_.group_in() * c_.n_groups;
    if (n_weights > 0) {
      const WeightShape shape{c_.x.kernel, c_.group_in(), c_.group_out(), c_.n_groups};
      launch(transpose_weight, {blocks_for(n_weights, kThreads), kThreads}, stream, pass_.weight,
             shape, phase, memory.weight);
    }
    const int64_t n_rows = n_pixels(phase), step = chunk_rows(phase);
    for (int64_t row = 0; row < n_rows; row += step) {
      for (int64_t group = 0; group < c_.n_groups; ++group) {
        run_chunk(phase, group, row, std::min(row + step, n_rows), memory, stream);
      }
    }
  }

  void run_chunk(const Phase& phase, int64_t group, int64_t row, int64_t row_end,
                 const Memory& memory, cudaStream_t stream) const {
    const int64_t depth = depth_of(phase), n_channels = c_.group_in();
    gather_patches_cuda(patches_of_phase(phase, c_, pass_.delta, group),
                        {row, row_end, 0, phase.n_taps()}, memory.patches, stream);
    const auto all_pixels =
        group_of_pixels(pass_.image_gradient, c_.n_channels_in, group, c_.n_groups);
    multiply_cuda(
        pass_.product,
        {dense_view<const float>(memory.patches, row_end - row, depth), false,
         dense_view<const float>(memory.weight + group * depth * n_channels, depth, n_channels),
         false,
         in_place_ ? rows_of(all_pixels, row, row_end)
                   : dense_view(memory.pixels, row_end - row, n_channels)},
        plan_.matmul, memory.product, stream);
    if (in_place_) return;
    scatter_pixels_cuda(pixels_of_phase(phase, c_, pass_.image_gradient, group), row, row_end,
                        memory.pixels, stream);
  }

  const ConvolutionInputGradient& pass_;
  const ConvolutionPlan& plan_;
  const Convolution& c_;
  bool in_place_;
  int64_t weight_size_ = 0, patches_size_ = 0, pixels_size_ = 0, product_bytes_ = 0;
};

}  // namespace

int64_t convolution_workspace_bytes(const ConvolutionInputGradient& pass,
                                    const ConvolutionPlan& plan) {
  const Convolution& c = pass.convolution;
  require_convolution(c);
  if (!patches_are_pixels(c)) return InputGradient(pass, plan).workspace_bytes();
  const int64_t n_rows = pass.delta.n_rows * c.n_windows();
  return matmul_workspace_bytes(pass.product, {n_rows, c.group_in(), c.group_out()}, plan.matmul);
}

void convolution_input_gradient_cuda(const ConvolutionInputGradient& pass,
                                     const ConvolutionPlan& plan, DeviceWorkspace workspace,
                                     cudaStream_t stream) {
  require_matching(pass);
  const Convolution& c = pass.convolution;
  if (!patches_are_pixels(c)) return InputGradient(pass, plan).run(workspace, stream);
  for (int64_t group = 0; group < c.n_groups; ++group) {
    multiply_cuda(pass.product, product_of_pixels(pass, group), plan.matmul, workspace, stream);
  }
}

}  // namespace reprotrain::kernels
