// SPDX-License-Identifier: Apache-2.0
// Windows that slide over an image: the geometry of convolutions and pooling, one axis at a time.
//
//   window w, tap t:  place = w * stride - padding_before + t * dilation;   padding where outside of [0, size)
//   n_windows = floor((size + padding_before + padding_after - dilation * (kernel - 1) - 1) / stride) + 1
//
// See also: docs/arithmetic.md "Convolutions".
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/base/ceil_div.h"
#include "kernels/base/hd.h"
#include "kernels/base/require.h"

namespace reprotrain::kernels {

struct WindowAxis {
  int64_t size = 1;  ///< pixels of the image
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t padding_before = 0;
  int64_t padding_after = 0;

  /// 0 where the image and its padding hold no window.
  RPT_HD int64_t n_windows() const {
    const int64_t room = size + padding_before + padding_after - dilation * (kernel - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
  }
  RPT_HD int64_t first_place(int64_t window) const { return window * stride - padding_before; }
};

/// The axis with padding `same`: as many windows as strides begin in the image.
inline WindowAxis with_same_padding(WindowAxis axis) {
  const int64_t n_windows = ceil_div(axis.size, axis.stride);
  const int64_t reach = (n_windows - 1) * axis.stride + axis.dilation * (axis.kernel - 1) + 1;
  const int64_t total = std::max<int64_t>(0, reach - axis.size);
  axis.padding_before = total / 2;
  axis.padding_after = total - axis.padding_before;
  return axis;
}

/// Bounds that keep every count of pixels and elements far below 2^63.
inline constexpr int64_t kMostPixelsOfAxis = int64_t{1} << 16;
inline constexpr int64_t kMostChannels = int64_t{1} << 20;

inline void require_axis(const WindowAxis& axis) {
  const auto [size, kernel, stride, dilation, before, after] = axis;
  require(std::min({size, kernel, stride, dilation}) >= 1,
          "windows: size, kernel, stride and dilation are 1 or more");
  require(std::min(before, after) >= 0, "windows: padding is 0 or more");
  require(std::max({size, kernel, stride, dilation, before, after}) <= kMostPixelsOfAxis,
          "windows: no size, kernel, stride, dilation or padding is above 65536");
  require(axis.n_windows() >= 1, "windows: the kernel is larger than the image and its padding");
}

inline void require_channels(int64_t n_channels) {
  require(n_channels >= 1 && n_channels <= kMostChannels,
          "images: the number of channels is from 1 to 2^20");
}

/// A batch of images, a dense matrix of a row each: their rows follow one another without a gap.
template <typename T>
void require_images(const BasicMatrixView<T>& view, int64_t n_images, int64_t n_elements,
                    const char* name) {
  require_view(view, name);
  require(view.n_rows == n_images && view.n_columns == n_elements,
          "images: the shape of a matrix does not match the geometry");
  require(view.n_rows <= 1 || view.row_stride == view.n_columns,
          "images: a matrix has gaps between its rows");
}

}  // namespace reprotrain::kernels
