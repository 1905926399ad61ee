// SPDX-License-Identifier: Apache-2.0
// Turns an operand of a sliced product into panels of packed digits.
//
//   for each panel (8 rows of op(A), or as many columns of op(B) as a tile has)      any thread
//     M, s of each of its vectors, over all of K
//     for each block of K: x -> q -> digits -> words of the tile kernel's layout
//
// Why: an operand is read twice (for M, then for q) and written once, whatever the number of
// products that use it; tiles then read words in the order in which they lie.
// Requires: finite or not, any float. Determinism: vectors are independent of one another.
// See also: digit_slices.h for the formulas, digit_tile.h for the layouts.
#pragma once

#include <cstdint>

#include "kernels/base/matrix_view.h"
#include "kernels/matmul/digit_slices.h"
#include "kernels/matmul/digit_tile.h"

namespace reprotrain::kernels {

/// The vectors along K of one operand: the rows of `view`, or its columns.
struct DigitOperand {
  ConstMatrixView view;
  bool are_rows = true;
  bool is_b = false;  ///< packed as columns of B, not as rows of A

  int64_t n_vectors() const { return are_rows ? view.n_rows : view.n_columns; }
  int64_t depth() const { return are_rows ? view.n_columns : view.n_rows; }
};

/// Where the words of an operand lie. Counts are of 32-bit words.
class DigitPanels {
 public:
  DigitPanels(const DigitOperand& operand, const DigitTileKernel& kernel, int n_digits);

  int width() const { return width_; }  ///< vectors in a panel
  int64_t n_panels() const { return n_panels_; }
  int64_t n_blocks() const { return n_blocks_; }
  int64_t groups_in(int64_t block) const;

  /// Words that hold all panels, and then exponents and flags of all vectors.
  int64_t n_words() const { return n_panels_ * (panel_words() + 2 * width_); }
  /// Places all of it in `memory`, aligned to 64 bytes.
  void place(int32_t* memory) { memory_ = memory; }

  /// Raises the magnitudes of a panel's vectors, width() of them, to those of their terms here.
  void measure(int64_t panel, LargestMagnitude* magnitudes) const;

  /// Packs one panel. Panels are independent; vectors beyond the last one count as zeros.
  void pack(int64_t panel) const;
  /// The same with magnitudes of longer vectors, of which these are a part.
  void pack(int64_t panel, const LargestMagnitude* magnitudes) const;

  const int32_t* words(int64_t panel, int64_t block) const {
    return start(panel, block) + start_words();
  }
  /// Starting values of a tile's sums (A only).
  const int32_t* start(int64_t panel, int64_t block) const {
    return memory_ + panel * panel_words() + block * block_words();
  }
  /// s of vector i.
  int exponent(int64_t i) const { return exponents()[i]; }
  /// Whether vector i holds an infinity or a NaN.
  bool has_non_finite(int64_t i) const { return exponents()[n_panels_ * width_ + i] != 0; }

 private:
  int32_t* exponents() const { return memory_ + n_panels_ * panel_words(); }
  int64_t start_words() const { return operand_.is_b ? 0 : n_digits_ * int64_t{width_}; }
  int64_t block_words() const {
    return start_words() + max_groups_ * words_per_group_ * int64_t{width_};
  }
  int64_t panel_words() const { return n_blocks_ * block_words(); }

  const DigitOperand operand_;
  DigitLayout layout_;
  int n_digits_;
  int width_;
  int terms_per_group_;
  int words_per_group_;
  int64_t max_groups_;
  int64_t n_groups_;
  int64_t n_blocks_;
  int64_t n_panels_;
  int32_t* memory_ = nullptr;
};

}  // namespace reprotrain::kernels
