// SPDX-License-Identifier: Apache-2.0
// The columns of all patches, cut into slices: an element of a weight gradient belongs to one of them.
// See also: convolution.h, patches.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/base/ceil_div.h"
#include "kernels/conv/convolution.h"
#include "kernels/conv/convolution_shapes.h"

namespace reprotrain::kernels {

/// Columns of a group's patches: some taps with all channels, or one tap with some of them.
struct PatchSlice {
  int64_t group;
  int64_t tap_begin, tap_end;
  int64_t channel_begin, channel_end;  ///< within the group

  int64_t n_channels() const { return channel_end - channel_begin; }
  int64_t n_columns() const { return (tap_end - tap_begin) * n_channels(); }

  /// The slice of all patches is range {rows, tap_begin, tap_end} of these.
  Patches patches(const Convolution& c, const ConstMatrixView& images) const {
    return windows_of(images, c, group * c.group_in() + channel_begin, n_channels());
  }
  /// Its rows of a gradient of the weight.
  MatrixView gradient(const Convolution& c, const MatrixView& weight_gradient) const {
    const int64_t first = tap_begin * c.group_in() + channel_begin;
    return rows_of(group_of_weight(weight_gradient, c, group), first, first + n_columns());
  }
};

/// Nearly equal slices of `most_columns` at most, numbered.
class PatchSlices {
 public:
  PatchSlices(const Convolution& c, int64_t most_columns)
      : n_taps_(c.n_taps()),
        n_channels_(c.group_in()),
        tap_parts_(ceil_div(n_taps_, std::max<int64_t>(1, most_columns / n_channels_))),
        channel_parts_(ceil_div(n_channels_, most_columns)),
        count_(c.n_groups * tap_parts_ * channel_parts_) {}

  int64_t count() const { return count_; }
  PatchSlice operator[](int64_t index) const {
    const int64_t channel_part = index % channel_parts_;
    const int64_t tap_part = index / channel_parts_ % tap_parts_;
    return {index / channel_parts_ / tap_parts_, tap_part * n_taps_ / tap_parts_,
            (tap_part + 1) * n_taps_ / tap_parts_, channel_part * n_channels_ / channel_parts_,
            (channel_part + 1) * n_channels_ / channel_parts_};
  }

 private:
  int64_t n_taps_, n_channels_, tap_parts_, channel_parts_, count_;
};

}  // namespace reprotrain::kernels
