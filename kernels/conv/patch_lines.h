// SPDX-License-Identifier: Apache-2.0
// Patches read in place: lines of positions, equally far apart in memory, with a list of where terms lie.
//
//   patch (line l, position px), term (ty, tx, i):  line(l)[px * step() + offset of the term]
//
// Images are read where they are if no window reaches beyond them, else from a copy of the lines in
// question with zeros around them: a copy of each number instead of one for each tap.
// See also: patches.h, which copies patches; kernels/matmul/line_product.h, which multiplies lines.
#pragma once

#include <cstdint>

#include "kernels/conv/patches.h"

namespace reprotrain::kernels {

/// Fewer rows would leave too much of a tile empty.
inline constexpr int64_t kFewestLineRows = 4;

class PatchLines {
 public:
  explicit PatchLines(const Patches& patches);

  /// Whether what is copied around images is no more than they are.
  bool has_small_rims() const;
  /// Whether lines are worth multiplying: rims are small, there are terms, and tiles find rows.
  bool is_worthwhile() const {
    return has_small_rims() && depth() > 0 && n_rows() >= kFewestLineRows;
  }

  int64_t n_lines() const { return patches_.images.n_rows * patches_.y.n_positions; }
  int64_t n_rows() const { return patches_.x.n_positions; }  ///< of a line
  int64_t depth() const { return patches_.n_taps() * patches_.n_taken; }

  /// Numbers of work space for so many neighbouring lines, 0 where images are read in place.
  int64_t copy_size(int64_t n_lines) const;
  /// Lines that fit so much work space, or as many as make that much of images; at least 1.
  int64_t lines_within(int64_t most_numbers) const;

  /// Makes lines [begin, end) readable and says where they are.
  void place(int64_t begin, int64_t end, float* memory, const float** lines) const;

  int64_t step() const { return patches_.x.position_step * patches_.n_channels; }
  /// Where channel `first_channel` of a tap lies, from that of tap 0 at the position before any channel.
  int64_t tap_offset(int64_t ty, int64_t tx) const {
    return ty * patches_.y.tap_step * pitch_ + tx * patches_.x.tap_step * patches_.n_channels +
           patches_.first_channel;
  }
  /// Where all terms lie, (depth()).
  void list_terms(int64_t* offsets) const;

 private:
  /// What windows need of an axis beyond the image.
  struct Reach {
    int64_t before = 0, after = 0;
    explicit Reach(const PatchAxis& axis);
  };

  bool copies() const { return y_.before + y_.after + x_.before + x_.after > 0; }
  /// Copies the lines of an image that positions [begin, end) need; returns how many.
  int64_t copy_lines(int64_t image, int64_t begin, int64_t end, float* memory) const;
  int64_t lowest_place(int64_t py) const;
  int64_t n_copied(int64_t n_positions) const;

  const Patches patches_;
  Reach y_, x_;
  int64_t pitch_;  ///< from a line of pixels to the next
};

}  // namespace reprotrain::kernels
