// SPDX-License-Identifier: Apache-2.0
// Phases of an input gradient: which taps reach which pixels, with strides and dilations.
//
// A kernel's tap reaches a place if place + padding_before - tap * dilation is a multiple of the
// stride. Places that agree in (place + padding_before) mod stride are reached by the same taps: a phase,
// and a matrix product.
// See also: docs/arithmetic.md "Convolutions"; convolution.h, patches.h.
#pragma once

#include <cstdint>
#include <numeric>

#include "kernels/base/hd.h"
#include "kernels/conv/convolution.h"
#include "kernels/conv/patches.h"

namespace reprotrain::kernels {

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

/// Pixels that the same taps reach.
struct Phase {
  PhaseAxis y, x;

  RPT_HD int64_t n_taps() const { return y.n_taps * x.n_taps; }

  /// The tap of the kernel, ky * n_kernel_columns + kx, that is tap q of the phase.
  RPT_HD int64_t tap_of_kernel(int64_t q, int64_t n_kernel_columns) const {
    const int64_t ky = y.first_tap + q / x.n_taps * y.tap_step;
    const int64_t kx = x.first_tap + q % x.n_taps * x.tap_step;
    return ky * n_kernel_columns + kx;
  }
};

/// Calls use(phase) for every phase that has pixels: with strides beyond the image few of them do.
template <typename Use>
void for_phases(const Convolution& c, const Use& use) {
  for (int64_t residue_y = 0; residue_y < c.y.stride; ++residue_y) {
    const PhaseAxis y(c.y, residue_y);
    if (y.n_places == 0) continue;
    for (int64_t residue_x = 0; residue_x < c.x.stride; ++residue_x) {
      const PhaseAxis x(c.x, residue_x);
      if (x.n_places > 0) use(Phase{y, x});
    }
  }
}

/// The patches of delta that a phase multiplies with its weight.
inline Patches patches_of_phase(const Phase& phase, const Convolution& c,
                                const ConstMatrixView& delta, int64_t group) {
  return {delta,
          c.n_channels_out,
          group * c.group_out(),
          c.group_out(),
          phase.y.patch_axis(c.y.n_windows()),
          phase.x.patch_axis(c.x.n_windows())};
}

/// The pixels of a phase, and of those the channels of a group.
inline PixelGrid pixels_of_phase(const Phase& phase, const Convolution& c,
                                 const MatrixView& image_gradient, int64_t group) {
  return {image_gradient,       c.x.size,           c.n_channels_in,
          group * c.group_in(), c.group_in(),       phase.y.n_places,
          phase.y.first_place,  phase.y.place_step, phase.x.n_places,
          phase.x.first_place,  phase.x.place_step};
}

}  // namespace reprotrain::kernels
