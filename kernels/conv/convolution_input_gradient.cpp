// SPDX-License-Identifier: Apache-2.0
// The input gradient, phase by phase: pixels that the same taps reach.
//
//   for each tap: copy its part of the weight, transposed, to its phase and place    (parallel)
//   for each phase, for each (chunk of its pixels, group)                            (parallel)
//     copy the patches of delta to work space; they step backwards from tap to tap
//     gradient of the pixels = patches * weight of the phase and group
//     copy it to the pixels, where they do not follow one another
#include <algorithm>
#include <numeric>

#include "kernels/base/require.h"
#include "kernels/base/vector_loop.h"
#include "kernels/base/work_space.h"
#include "kernels/conv/convolution.h"
#include "kernels/conv/convolution_shapes.h"
#include "kernels/conv/patches.h"

namespace reprotrain::kernels {

namespace {

/// One axis of a phase: places with (place + padding_before) mod stride = residue, and the taps that
/// reach them, tap * dilation mod stride = residue.
struct PhaseAxis {
  int64_t first_place = 0, n_places = 0, place_step = 1;
  int64_t first_tap = 0, n_taps = 0, tap_step = 1;
  int64_t first_window = 0;  ///< from which the first tap reaches the first place
  int64_t window_step = 0;   ///< from one of the taps to the next, backwards

  PhaseAxis(const WindowAxis& axis, int64_t residue) : place_step(axis.stride) {
    const int64_t stride = axis.stride;
    first_place = ((residue - axis.padding_before) % stride + stride) % stride;
    n_places = axis.size <= first_place ? 0 : (axis.size - first_place - 1) / stride + 1;
    const int64_t divisor = std::gcd(stride, axis.dilation);
    tap_step = stride / divisor;
    window_step = axis.dilation / divisor;
    while (first_tap < tap_step && first_tap * axis.dilation % stride != residue) ++first_tap;
    const bool reached = first_tap < tap_step && first_tap < axis.kernel;
    n_taps = reached ? (axis.kernel - first_tap - 1) / tap_step + 1 : 0;
    if (reached) {
      first_window = (first_place + axis.padding_before - first_tap * axis.dilation) / stride;
    }
  }

  PatchAxis patch_axis(int64_t n_windows) const {
    return {n_windows, n_places, n_taps, first_window, 1, -window_step};
  }
};

struct Phase {
  PhaseAxis y, x;

  int64_t n_taps() const { return y.n_taps * x.n_taps; }
};

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
    float* weight = weights_.data();
    for (int64_t residue_y = 0; residue_y < c_.y.stride; ++residue_y) {
      for (int64_t residue_x = 0; residue_x < c_.x.stride; ++residue_x) {
        const Phase phase{{c_.y, residue_y}, {c_.x, residue_x}};
        transpose_weight(phase, weight, parallel);
        run_phase(phase, weight, parallel);
        weight += phase.n_taps() * c_.n_channels_out * c_.group_in();
      }
    }
  }

 private:
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
            const int64_t ky = phase.y.first_tap + q / phase.x.n_taps * phase.y.tap_step;
            const int64_t kx = phase.x.first_tap + q % phase.x.n_taps * phase.x.tap_step;
            const int64_t row = (ky * c_.x.kernel + kx) * c_.group_in();
            const auto of_tap =
                rows_of(group_of_weight(pass_.weight, c_, group), row, row + c_.group_in());
            row_loop(TransposeTap{of_tap, weight + i * tap_elements}, 0, c_.group_out());
          }
        });
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
    gather_patches({pass_.delta, c_.n_channels_out, group * c_.group_out(), c_.group_out(),
                    phase.y.patch_axis(c_.y.n_windows()), phase.x.patch_axis(c_.x.n_windows())},
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
    if (!in_place) scatter_pixels(pixels_of(phase, group), row, row_end, pixels);
  }

  PixelGrid pixels_of(const Phase& phase, int64_t group) const {
    return {pass_.image_gradient, c_.x.size,           c_.n_channels_in,    group * c_.group_in(),
            c_.group_in(),        phase.y.n_places,    phase.y.first_place, phase.y.place_step,
            phase.x.n_places,     phase.x.first_place, phase.x.place_step};
  }

  const ConvolutionInputGradient& pass_;
  const Convolution& c_;
  WorkSpace weights_;
};

void require_matching(const ConvolutionInputGradient& pass) {
  const Convolution& c = pass.convolution;
  require_convolution(c);
  require_images(pass.delta, pass.delta.n_rows, c.n_outputs(), "delta");
  require_images(pass.image_gradient, pass.delta.n_rows, c.n_inputs(), "image_gradient");
  require_weight(c, pass.weight, 0, "weight");
  require(pass.chunk.n_rows >= 0, "convolution: a chunk of less than no rows");
}

}  // namespace

void convolution_input_gradient(const ConvolutionInputGradient& pass, const Parallel& parallel) {
  require_matching(pass);
  const Convolution& c = pass.convolution;
  if (!patches_are_pixels(c)) return InputGradient(pass).run(parallel);
  for (int64_t group = 0; group < c.n_groups; ++group) {
    multiply(pass.product,
             {group_of_pixels(pass.delta, c.n_channels_out, group, c.n_groups), false,
              group_of_weight(pass.weight, c, group), true,
              group_of_pixels(pass.image_gradient, c.n_channels_in, group, c.n_groups), nullptr},
             parallel);
  }
}

}  // namespace reprotrain::kernels
