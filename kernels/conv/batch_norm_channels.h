// SPDX-License-Identifier: Apache-2.0
// Batch norm of some neighbouring channels: a pass over all of them is one over band after band, so that
// the sums that each channel needs never take more memory than those of a band.
// See also: batch_norm.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/conv/batch_norm.h"

namespace reprotrain::kernels {

/// Channels [first, first + count).
struct ChannelBand {
  int64_t first;
  int64_t count;

  template <typename T>
  BasicMatrixView<T> of(const BasicMatrixView<T>& m) const {
    return {m.data + first, m.n_rows, count, m.row_stride};
  }
  template <typename T>
  std::span<T> of(std::span<T> numbers) const {
    return numbers.subspan(static_cast<size_t>(first), static_cast<size_t>(count));
  }
  BatchNormTraining of(const BatchNormTraining& pass) const {
    return {of(pass.x),    of(pass.scale),        of(pass.shift),
            pass.momentum, of(pass.running_mean), of(pass.running_variance),
            of(pass.mean), of(pass.inverse),      of(pass.y)};
  }
  BatchNormBackward of(const BatchNormBackward& pass) const {
    return {of(pass.x),        of(pass.mean),           of(pass.inverse),       of(pass.scale),
            of(pass.gradient), of(pass.scale_gradient), of(pass.shift_gradient)};
  }
  BatchNormInference of(const BatchNormInference& pass) const {
    return {of(pass.x),
            of(pass.scale),
            of(pass.shift),
            of(pass.running_mean),
            of(pass.running_variance),
            of(pass.y)};
  }
};

/// Band `index` of bands of `most` channels.
inline ChannelBand channel_band(int64_t n_channels, int64_t index, int64_t most) {
  const int64_t first = index * most;
  return {first, std::min(most, n_channels - first)};
}

}  // namespace reprotrain::kernels
