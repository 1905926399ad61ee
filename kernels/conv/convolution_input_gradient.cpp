// SPDX-License-Identifier: Apache-2.0
// The input gradient, phase by phase: pixels that the same taps reach.
//
//   for each tap: copy its part of the weight, transposed, to its phase and place    (parallel)
//   fma32, few channels: all phases at once (narrow_input_gradient.h), else:
//   for each phase: fma32 reads patches in place where that is worthwhile (line_convolution.h), else:
//   for each (chunk of its pixels, group)                                            (parallel)
//     copy the patches of delta to work space; they step backwards from tap to tap
//     gradient of the pixels = patches * weight of the phase and group
//     copy it to the pixels, where they do not follow one another
#include <algorithm>
#include <vector>

#include "kernels/base/vector_loop.h"
#include "kernels/base/work_space.h"
#include "kernels/conv/convolution.h"
#include "kernels/conv/convolution_shapes.h"
#include "kernels/conv/input_gradient_phase.h"
#include "kernels/conv/line_convolution.h"
#include "kernels/conv/narrow_input_gradient.h"
#include "kernels/conv/patches.h"

namespace reprotrain::kernels {

namespace {

/// target[j][i] = weight[i][j] of one tap and group.
struct TransposeTap {
  ConstMatrixView weight;  ///< (group_in, group_out)
  float* target;

  RPT_HD void operator()(int64_t j) const {
    float* row = target + j * weight.n_rows;
    for (int64_t i = 0; i < weight.n_rows; ++i) row[i] = weight(i, j);
  }
};

class InputGradient {
 public:
  explicit InputGradient(const ConvolutionInputGradient& pass)
      : pass_(pass), c_(pass.convolution), weights_(c_.n_weight_rows() * c_.n_channels_out) {}

  void run(const Parallel& parallel) const {
    const std::vector<WeightedPhase> phases = weighted_phases(parallel);
    if (pass_.product == MatmulSpecification::kFma32 && has_narrow_gradient(c_, phases)) {
      return narrow_input_gradient(pass_, phases, parallel);
    }
    for (const auto& [phase, weight] : phases) {
      const PatchLines patches(patches_of_phase(phase, c_, pass_.delta, 0));
      if (pass_.product == MatmulSpecification::kFma32 && patches.is_worthwhile()) {
        run_lines(phase, patches, weight, parallel);
      } else {
        run_phase(phase, weight, parallel);
      }
    }
  }

 private:
  std::vector<WeightedPhase> weighted_phases(const Parallel& parallel) const {
    std::vector<WeightedPhase> phases;
    float* weight = weights_.data();
    for_phases(c_, [&](const Phase& phase) {
      transpose_weight(phase, weight, parallel);
      phases.push_back({phase, weight});
      weight += phase.n_taps() * c_.n_channels_out * c_.group_in();
    });
    return phases;
  }

  int64_t depth_of(const Phase& phase) const { return phase.n_taps() * c_.group_out(); }

  /// The weight of a phase: for each group (depth, group_in).
  void transpose_weight(const Phase& phase, float* weight, const Parallel& parallel) const {
    const int64_t tap_elements = c_.group_out() * c_.group_in();
    const int64_t n_taps = phase.n_taps();
    parallel.for_ranges(
        n_taps * c_.n_groups, ceil_div(kElementGrain, tap_elements),
        [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) {
            const int64_t group = i / n_taps, q = i % n_taps;
            const int64_t row = phase.tap_of_kernel(q, c_.x.kernel) * c_.group_in();
            const auto of_tap =
                rows_of(group_of_weight(pass_.weight, c_, group), row, row + c_.group_in());
            row_loop(TransposeTap{of_tap, weight + i * tap_elements}, 0, c_.group_out());
          }
        });
  }

  void run_lines(const Phase& phase, const PatchLines& patches, const float* weight,
                 const Parallel& parallel) const {
    const PixelGrid pixels = pixels_of_phase(phase, c_, pass_.image_gradient, 0);
    LineConvolution lines{patches};
    lines.n_groups = c_.n_groups;
    lines.n_taken = c_.group_out();
    lines.weights = weight;
    lines.weight_group_stride = depth_of(phase) * c_.group_in();
    lines.weight_row_stride = c_.group_in();
    lines.n_columns = c_.group_in();
    lines.outputs = pixels.images.n_rows == 0 ? nullptr : pixels.pixel(0);
    lines.lines_of_image = pixels.n_y;
    lines.image_stride = c_.n_inputs();
    lines.line_stride = pixels.step_y * c_.x.size * c_.n_channels_in;
    lines.c_step = pixels.step_x * c_.n_channels_in;
    lines.most_rows = pass_.chunk.n_rows;
    run_line_convolution(lines, parallel);
  }

  void run_phase(const Phase& phase, const float* weight, const Parallel& parallel) const {
    const int64_t depth = depth_of(phase);
    const int64_t n_rows = pass_.image_gradient.n_rows * phase.y.n_places * phase.x.n_places;
    const int64_t chunk_rows = rows_of_chunk(pass_.chunk, depth);
    parallel.for_ranges(
        ceil_div(n_rows, chunk_rows) * c_.n_groups, chunk_grain(chunk_rows, depth, c_.group_in()),
        [&](int64_t begin, int64_t end) {
          const WorkSpace patches(chunk_rows * depth);
          const WorkSpace pixels(chunk_rows * c_.group_in());
          for (int64_t task = begin; task < end; ++task) {
            const int64_t row = task / c_.n_groups * chunk_rows;
            run_chunk(phase, weight, task % c_.n_groups, row, std::min(row + chunk_rows, n_rows),
                      patches.data(), pixels.data());
          }
        });
  }

  void run_chunk(const Phase& phase, const float* weight, int64_t group, int64_t row,
                 int64_t row_end, float* patches, float* pixels) const {
    const int64_t depth = depth_of(phase), n_channels = c_.group_in();
    gather_patches(patches_of_phase(phase, c_, pass_.delta, group),
                   {row, row_end, 0, phase.n_taps()}, patches);
    const bool in_place = c_.y.stride == 1 && c_.x.stride == 1;
    const auto all_pixels =
        group_of_pixels(pass_.image_gradient, c_.n_channels_in, group, c_.n_groups);
    multiply(pass_.product,
             {dense_view<const float>(patches, row_end - row, depth),
              false,
              dense_view(weight + group * depth * n_channels, depth, n_channels),
              false,
              in_place ? rows_of(all_pixels, row, row_end)
                       : dense_view(pixels, row_end - row, n_channels),
              nullptr,
              {},
              true},
             SerialParallel());
    if (in_place) return;
    scatter_pixels(pixels_of_phase(phase, c_, pass_.image_gradient, group), row, row_end, pixels);
  }

  const ConvolutionInputGradient& pass_;
  const Convolution& c_;
  WorkSpace weights_;
};

}  // namespace

void convolution_input_gradient(const ConvolutionInputGradient& pass, const Parallel& parallel) {
  require_matching(pass);
  const Convolution& c = pass.convolution;
  if (!patches_are_pixels(c)) return InputGradient(pass).run(parallel);
  for (int64_t group = 0; group < c.n_groups; ++group) {
    multiply(pass.product, product_of_pixels(pass, group), parallel);
  }
}

}  // namespace reprotrain::kernels
