// SPDX-License-Identifier: Apache-2.0
#include "kernels/conv/patch_lines.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace reprotrain::kernels {

namespace {

/// Numbers around an image that may be copied however small it is.
constexpr int64_t kSmallRim = 16;

/// Positions ascend; taps may step backwards.
int64_t reach_of_taps(const PatchAxis& axis) { return (axis.n_taps - 1) * axis.tap_step; }

}  // namespace

PatchLines::Reach::Reach(const PatchAxis& axis) {
  const int64_t lowest = axis.place(0, 0) + std::min<int64_t>(0, reach_of_taps(axis));
  const int64_t highest =
      axis.place(axis.n_positions - 1, 0) + std::max<int64_t>(0, reach_of_taps(axis));
  before = std::max<int64_t>(0, -lowest);
  after = std::max<int64_t>(0, highest - (axis.size - 1));
}

PatchLines::PatchLines(const Patches& patches)
    : patches_(patches),
      y_(patches.y),
      x_(patches.x),
      pitch_((x_.before + patches.x.size + x_.after) * patches.n_channels) {}

bool PatchLines::has_small_rims() const {
  const auto is_small = [](const Reach& reach, int64_t size) {
    return reach.before + reach.after <= size + kSmallRim;
  };
  return is_small(y_, patches_.y.size) && is_small(x_, patches_.x.size);
}

int64_t PatchLines::lowest_place(int64_t py) const {
  return patches_.y.place(py, 0) + std::min<int64_t>(0, reach_of_taps(patches_.y));
}

int64_t PatchLines::n_copied(int64_t n_positions) const {
  return (n_positions - 1) * patches_.y.position_step + std::abs(reach_of_taps(patches_.y)) + 1;
}

int64_t PatchLines::copy_size(int64_t n_lines) const {
  if (!copies() || n_lines == 0) return 0;
  const int64_t n_images = std::min(n_lines, (n_lines - 1) / patches_.y.n_positions + 2);
  // Parts of an image have n_copied(1) lines of pixels and a step more for each further position.
  return (n_images * n_copied(1) + (n_lines - 1) * patches_.y.position_step) * pitch_;
}

int64_t PatchLines::lines_within(int64_t most_numbers) const {
  const int64_t of_line = pitch_ * patches_.y.position_step;
  return std::max<int64_t>(1, most_numbers / of_line - n_copied(1) / patches_.y.position_step);
}

int64_t PatchLines::copy_lines(int64_t image, int64_t begin, int64_t end, float* memory) const {
  const int64_t lowest = lowest_place(begin);
  const int64_t n_lines = n_copied(end - begin);
  const int64_t length = patches_.x.size * patches_.n_channels;
  const int64_t before = x_.before * patches_.n_channels;
  for (int64_t i = 0; i < n_lines; ++i, memory += pitch_) {
    const int64_t y = lowest + i;
    if (y < 0 || y >= patches_.y.size) {
      std::fill_n(memory, pitch_, 0.0f);
      continue;
    }
    std::fill_n(memory, before, 0.0f);
    memcpy(memory + before, patches_.images.row(image) + y * length,
           static_cast<size_t>(length) * sizeof(float));
    std::fill(memory + before + length, memory + pitch_, 0.0f);
  }
  return n_lines;
}

void PatchLines::place(int64_t begin, int64_t end, float* memory, const float** lines) const {
  const int64_t n_y = patches_.y.n_positions;
  const int64_t first_x = patches_.x.place(0, 0) + x_.before;
  for (int64_t line = begin; line < end;) {
    const int64_t image = line / n_y, py = line - image * n_y;
    const int64_t py_end = std::min(n_y, py + end - line);
    const float* pixels = copies() ? memory : patches_.images.row(image);
    const int64_t top = copies() ? lowest_place(py) : 0;
    if (copies()) memory += copy_lines(image, py, py_end, memory) * pitch_;
    for (int64_t i = py; i < py_end; ++i, ++line) {
      *lines++ = pixels + (patches_.y.place(i, 0) - top) * pitch_ + first_x * patches_.n_channels;
    }
  }
}

void PatchLines::list_terms(int64_t* offsets) const {
  for (int64_t ty = 0; ty < patches_.y.n_taps; ++ty) {
    for (int64_t tx = 0; tx < patches_.x.n_taps; ++tx) {
      for (int64_t i = 0; i < patches_.n_taken; ++i) *offsets++ = tap_offset(ty, tx) + i;
    }
  }
}

}  // namespace reprotrain::kernels
