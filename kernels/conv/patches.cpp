// SPDX-License-Identifier: Apache-2.0
// Copies by lines of positions that share a row of the image. Where taps are neighbouring pixels with
// all their channels, they are one run of memory.
#include "kernels/conv/patches.h"

#include <algorithm>
#include <cstring>

#include "kernels/base/vector_loop.h"

namespace reprotrain::kernels {

namespace {

constexpr int64_t kLanes = 8;

/// A copy of runs too short for a call of memcpy: whole vectors, the last one overlapping.
RPT_HD void copy_run(const float* source, float* target, int64_t n) {
  if (n < kLanes) {
    for (int64_t i = 0; i < n; ++i) target[i] = source[i];
    return;
  }
  for (int64_t i = 0; i + kLanes <= n; i += kLanes) {
    memcpy(target + i, source + i, kLanes * sizeof(float));
  }
  memcpy(target + n - kLanes, source + n - kLanes, kLanes * sizeof(float));
}

/// `count` runs of `n` numbers, kVectors whole vectors and up to one more each, unrolled.
template <int kVectors>
RPT_HD void copy_runs(const float* source, int64_t source_step, float* target, int64_t target_step,
                      int64_t count, int64_t n) {
  for (int64_t i = 0; i < count; ++i, source += source_step, target += target_step) {
    for (int v = 0; v < kVectors; ++v) {
      memcpy(target + v * kLanes, source + v * kLanes, kLanes * sizeof(float));
    }
    memcpy(target + n - kLanes, source + n - kLanes, kLanes * sizeof(float));
  }
}

RPT_HD void copy_equal_runs(const float* source, int64_t source_step, float* target,
                            int64_t target_step, int64_t count, int64_t n) {
  switch (n / kLanes) {
    case 1:
      return copy_runs<1>(source, source_step, target, target_step, count, n);
    case 2:
      return copy_runs<2>(source, source_step, target, target_step, count, n);
    case 3:
      return copy_runs<3>(source, source_step, target, target_step, count, n);
    default:
      for (int64_t i = 0; i < count; ++i, source += source_step, target += target_step) {
        copy_run(source, target, n);
      }
  }
}

RPT_HD void clear_run(float* target, int64_t n) {
  for (int64_t i = 0; i < n; ++i) target[i] = 0.0f;
}

RPT_HD int64_t clamped(int64_t value, int64_t low, int64_t high) {
  return value < low ? low : value > high ? high : value;
}

struct Gather {
  const Patches& patches;
  const PatchRange& range;
  float* target;

  /// Positions [x_begin, x_end) of line (n, py), all taps; `rows` is where the first one goes.
  struct Line {
    int64_t image, py, x_begin, x_end;
    float* rows;
  };

  RPT_HD int64_t row_length() const { return (range.tap_end - range.tap_begin) * patches.n_taken; }

  RPT_HD void operator()(int64_t /*index*/) const {
    const int64_t n_x = patches.x.n_positions, n_y = patches.y.n_positions;
    int64_t line = range.row_begin / n_x, x = range.row_begin % n_x;
    for (int64_t row = range.row_begin; row < range.row_end; ++line) {
      const int64_t n = n_x - x < range.row_end - row ? n_x - x : range.row_end - row;
      gather_line(
          {line / n_y, line % n_y, x, x + n, target + (row - range.row_begin) * row_length()});
      row += n;
      x = 0;
    }
  }

  RPT_HD void gather_line(const Line& line) const {
    const int64_t n_taps_x = patches.x.n_taps;
    for (int64_t tap = range.tap_begin; tap < range.tap_end;) {
      const int64_t ty = tap / n_taps_x, tx = tap % n_taps_x;
      const int64_t left = range.tap_end - tap;
      const int64_t n = n_taps_x - tx < left ? n_taps_x - tx : left;
      float* place = line.rows + (tap - range.tap_begin) * patches.n_taken;
      const int64_t image_y = patches.y.place(line.py, ty);
      if (image_y < 0 || image_y >= patches.y.size) {
        for (int64_t x = line.x_begin; x < line.x_end; ++x, place += row_length()) {
          clear_run(place, n * patches.n_taken);
        }
      } else {
        const float* pixels = patches.images.row(line.image) +
                              image_y * patches.x.size * patches.n_channels + patches.first_channel;
        gather_taps(pixels, line, tx, n, place);
      }
      tap += n;
    }
  }

  /// Taps [tx, tx + n) of one row of the image, `pixels`.
  RPT_HD void gather_taps(const float* pixels, const Line& line, int64_t tx, int64_t n,
                          float* place) const {
    const PatchAxis& axis = patches.x;
    const bool taps_touch = axis.tap_step == 1 && patches.n_taken == patches.n_channels;
    for (int64_t x = line.x_begin; x < line.x_end;) {
      const int64_t first = axis.place(x, tx);
      int64_t n_positions = 1;
      if (!taps_touch) {
        copy_apart(pixels, first, n, place);
      } else if (first < 0 || first + n > axis.size) {
        copy_touching(pixels, first, n, place);
      } else {  // and so are the next positions inside of the image
        const int64_t n_inside = (axis.size - n - first) / axis.position_step + 1;
        n_positions = n_inside < line.x_end - x ? n_inside : line.x_end - x;
        copy_equal_runs(pixels + first * patches.n_taken, axis.position_step * patches.n_taken,
                        place, row_length(), n_positions, n * patches.n_taken);
      }
      x += n_positions;
      place += n_positions * row_length();
    }
  }

  RPT_HD void copy_touching(const float* pixels, int64_t first, int64_t n, float* place) const {
    const int64_t length = patches.n_taken;
    const int64_t begin = clamped(-first, 0, n);
    const int64_t end = clamped(patches.x.size - first, begin, n);
    clear_run(place, begin * length);
    if (begin < end) {
      copy_run(pixels + (first + begin) * length, place + begin * length, (end - begin) * length);
    }
    clear_run(place + end * length, (n - end) * length);
  }

  RPT_HD void copy_apart(const float* pixels, int64_t first, int64_t n, float* place) const {
    const int64_t length = patches.n_taken;
    for (int64_t t = 0; t < n; ++t, place += length, first += patches.x.tap_step) {
      if (first < 0 || first >= patches.x.size) {
        clear_run(place, length);
      } else {
        copy_run(pixels + first * patches.n_channels, place, length);
      }
    }
  }
};

struct Scatter {
  const PixelGrid& grid;
  int64_t row_begin;
  const float* source;

  RPT_HD void operator()(int64_t row) const {
    copy_run(source + (row - row_begin) * grid.n_taken, grid.pixel(row), grid.n_taken);
  }
};

}  // namespace

void gather_patches(const Patches& patches, const PatchRange& range, float* target) {
  row_loop(Gather{patches, range, target}, 0, 1);
}

void scatter_pixels(const PixelGrid& grid, int64_t row_begin, int64_t row_end,
                    const float* source) {
  row_loop(Scatter{grid, row_begin, source}, row_begin, row_end);
}

}  // namespace reprotrain::kernels
