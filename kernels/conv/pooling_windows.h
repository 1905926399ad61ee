// SPDX-License-Identifier: Apache-2.0
// The loops that pooling passes share: windows in order, and each one's pixels in the image in order.
// See also: pooling.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/base/vector_loop.h"
#include "kernels/conv/pooling.h"

namespace reprotrain::kernels {

/// The part of a window that lies in the image.
struct WindowPart {
  int64_t first_place;  ///< of tap 0
  int64_t tap_begin, tap_end;

  RPT_HD WindowPart(const WindowAxis& axis, int64_t window)
      : first_place(window * axis.stride - axis.padding_before),
        tap_begin(first_place < 0 ? -first_place : 0),
        tap_end(axis.size - first_place < axis.kernel ? axis.size - first_place : axis.kernel) {}
  RPT_HD int64_t n_taps() const { return tap_end - tap_begin; }
};

/// Pixels of a window that lie in the image: the divisor of an average.
RPT_HD float count_of(const WindowPart& y, const WindowPart& x) {
  return static_cast<float>(y.n_taps() * x.n_taps());
}

/// The windows of an axis that hold a place of the image; dilation 1.
struct WindowsOfPlace {
  int64_t begin, end;

  RPT_HD WindowsOfPlace(const WindowAxis& axis, int64_t place) {
    const int64_t last_start = place + axis.padding_before;  // counted from the padding's start
    const int64_t first_start = last_start - (axis.kernel - 1);
    const int64_t n_windows = axis.n_windows();
    begin = first_start <= 0 ? 0 : ceil_div(first_start, axis.stride);
    end = last_start / axis.stride + 1;
    if (end > n_windows) end = n_windows;
  }
};

/// Calls use(oy, ox) for the windows that hold pixel (y, x), in ascending order.
template <typename Use>
RPT_HD void for_windows_of_pixel(const Pooling& pooling, int64_t y, int64_t x, const Use& use) {
  const WindowsOfPlace rows(pooling.y, y), columns(pooling.x, x);
  for (int64_t oy = rows.begin; oy < rows.end; ++oy) {
    for (int64_t ox = columns.begin; ox < columns.end; ++ox) use(oy, ox);
  }
}

/// Calls use(index of the window, y, x) for the windows of rows [begin, end) of an image's outputs.
template <typename Use>
RPT_HD void for_windows(const Pooling& pooling, int64_t begin, int64_t end, const Use& use) {
  const int64_t n_x = pooling.x.n_windows();
  for (int64_t oy = begin; oy < end; ++oy) {
    const WindowPart y(pooling.y, oy);
    for (int64_t ox = 0; ox < n_x; ++ox) use(oy * n_x + ox, y, WindowPart(pooling.x, ox));
  }
}

/// Calls use(index of the pixel in the image, position in the window) in ascending (ky, kx).
template <typename Use>
RPT_HD void for_pixels(const Pooling& pooling, const WindowPart& y, const WindowPart& x,
                       const Use& use) {
  for (int64_t ky = y.tap_begin; ky < y.tap_end; ++ky) {
    for (int64_t kx = x.tap_begin; kx < x.tap_end; ++kx) {
      use((y.first_place + ky) * pooling.x.size + x.first_place + kx, ky * pooling.x.kernel + kx);
    }
  }
}

inline int64_t grain_of_rows(int64_t n_elements) {
  return std::max<int64_t>(1, kElementGrain / std::max<int64_t>(1, n_elements));
}

}  // namespace reprotrain::kernels
