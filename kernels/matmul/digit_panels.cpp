// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul/digit_panels.h"

#include <algorithm>
#include <cassert>

#include "kernels/base/ceil_div.h"
#include "kernels/base/cpu_path.h"
#include "kernels/base/vector_loop.h"
#include "kernels/matmul/digit_slices.h"
#include "kernels/matmul/digit_words.h"
#include "kernels/matmul/pack_avx2.h"
#include "kernels/matmul/tile_kernel.h"

namespace reprotrain::kernels {

namespace {

/// Terms that are sliced at a time, so that what lies between the steps stays in the first-level
/// cache. A multiple of every group.
constexpr int64_t kChunkTerms = 64;
using ChunkFloats = float[kChunkTerms * kMaxPanelColumns];
using ChunkIntegers = int32_t[kChunkTerms * kMaxPanelColumns];

/// What a panel needs to know about each of its vectors.
using PanelMagnitudes = LargestMagnitude[kMaxPanelColumns];

/// Vectors that are rows: vector i of the panel.
struct MeasureRow {
  ConstMatrixView rows;
  LargestMagnitude* magnitudes;

  RPT_HD void operator()(int64_t i) const {
    const float* row = rows.row(i);
    LargestMagnitude largest;
    for (int64_t k = 0; k < rows.n_columns; ++k) largest(row[k]);
    magnitudes[i] = largest;
  }
};

/// Vectors that are columns: kColumns of them, from column kColumns i on.
struct MeasureColumns {
  static constexpr int kColumns = 8;
  ConstMatrixView columns;
  LargestMagnitude* magnitudes;

  RPT_HD void operator()(int64_t i) const {
    const int64_t first = i * kColumns;
    int32_t finite[kColumns] = {};
    int32_t any[kColumns] = {};
    for (int64_t k = 0; k < columns.n_rows; ++k) {
      const float* x = columns.row(k) + first;
      for (int j = 0; j < kColumns; ++j) {
        LargestMagnitude largest{finite[j], any[j]};
        largest(x[j]);
        finite[j] = largest.finite;
        any[j] = largest.any;
      }
    }
    for (int j = 0; j < kColumns; ++j) magnitudes[first + j] = {finite[j], any[j]};
  }
};

/// The scales of a panel's vectors.
struct PanelScales {
  alignas(64) float first[kMaxPanelColumns];
  alignas(64) float second[kMaxPanelColumns];
};

/// q of a term of every vector of a panel.
template <int kWidth>
struct SliceTerms {
  const float* values;
  int64_t values_stride;
  const PanelScales& scales;
  int32_t* integers;

  RPT_HD void operator()(int64_t term) const {
    const float* x = values + term * values_stride;
    int32_t* q = integers + term * kWidth;
    RPT_INDEPENDENT for (int i = 0; i < kWidth; ++i) {
      q[i] = sliced_integer(x[i], SliceScale{scales.first[i], scales.second[i]});
    }
  }
};

void slice_terms(int width, const float* values, int64_t stride, const PanelScales& scales,
                 int64_t n_terms, int32_t* integers) {
  switch (width) {
    case 8:
      return row_loop(SliceTerms<8>{values, stride, scales, integers}, 0, n_terms);
    case 16:
      return row_loop(SliceTerms<16>{values, stride, scales, integers}, 0, n_terms);
    default:
      assert(width == 32);
      return row_loop(SliceTerms<32>{values, stride, scales, integers}, 0, n_terms);
  }
}

void make_words(const DigitOperand& operand, DigitLayout layout, int n_digits, int64_t width,
                const int32_t* integers, int64_t n_groups, int32_t* words) {
  if (layout == DigitLayout::kPairs) {
    const PairWords pairs{integers, words, width};
    if (n_digits == 2 && operand.is_b) return row_loop(PairWordsOfB2{pairs}, 0, n_groups);
    if (n_digits == 2) return row_loop(PairWordsOfA2{pairs}, 0, n_groups);
    if (operand.is_b) return row_loop(PairWordsOfB3{pairs}, 0, n_groups);
    return row_loop(PairWordsOfA3{pairs}, 0, n_groups);
  }
  const bool keeps_offset = operand.is_b && layout == DigitLayout::kOffsetQuads;
  const uint32_t flip = keeps_offset ? 0 : 0x80808080u;
  if (n_digits == 2) return row_loop(QuadWords<2>{integers, words, width, flip}, 0, n_groups);
  row_loop(QuadWords<3>{integers, words, width, flip}, 0, n_groups);
}

/// sums[n] -= 128 times the digits n and above, of every row of A: what the offsets of B add to the
/// sum of weight 256^n.
struct SubtractOffsets {
  const int32_t* integers;
  int64_t n_terms;
  int n_digits;
  int32_t* sums;

  RPT_HD void operator()(int64_t /*panel*/) const {
    uint32_t digits[3][kPanelRows] = {};
    for (int64_t term = 0; term < n_terms; ++term) {
      for (int i = 0; i < kPanelRows; ++i) {
        const int32_t q = integers[term * kPanelRows + i];
        const int32_t rest = without_lowest_digit(q);
        const int32_t top = without_lowest_digit(rest);
        digits[0][i] += static_cast<uint32_t>(lowest_digit(q));
        digits[1][i] += static_cast<uint32_t>(lowest_digit(rest));
        digits[2][i] += static_cast<uint32_t>(top);
      }
    }
    for (int i = 0; i < kPanelRows; ++i) {
      uint32_t sum = 0;
      for (int n = n_digits - 1; n >= 0; --n) {
        sum += digits[n][i];
        int32_t& start = sums[n * kPanelRows + i];
        start = static_cast<int32_t>(static_cast<uint32_t>(start) - 128u * sum);
      }
    }
  }
};

/// target[k * width + j] = element k of row j, and zero where there is no row j.
void transpose_rows(const ConstMatrixView& rows, int64_t begin, int64_t depth, int64_t width,
                    float* target) {
  const float* source = rows.data + begin;
#if defined(__x86_64__)
  if (uses_avx2(cpu_path()) && width % kPackedLanes == 0) {
    pack_avx2({source, 1, rows.row_stride, target, width, depth, static_cast<int>(rows.n_rows)});
    if (rows.n_rows == width) return;
    for (int64_t k = 0; k < depth; ++k) {
      std::fill(target + k * width + rows.n_rows, target + (k + 1) * width, 0.0f);
    }
    return;
  }
#endif
  std::fill_n(target, depth * width, 0.0f);
  for (int64_t j = 0; j < rows.n_rows; ++j) {
    for (int64_t k = 0; k < depth; ++k) target[k * width + j] = source[j * rows.row_stride + k];
  }
}

/// The vectors of one panel: those that exist, whatever the panel's width.
class PanelSource {
 public:
  PanelSource(const DigitOperand& operand, int64_t first, int width)
      : are_rows_(operand.are_rows),
        width_(width),
        n_vectors_(std::min<int64_t>(width, operand.n_vectors() - first)) {
    const ConstMatrixView& view = operand.view;
    vectors_ = are_rows_
                   ? ConstMatrixView{view.row(first), n_vectors_, view.n_columns, view.row_stride}
                   : ConstMatrixView{view.data + first, view.n_rows, n_vectors_, view.row_stride};
  }

  void measure(PanelMagnitudes& magnitudes) const {
    if (are_rows_) return row_loop(MeasureRow{vectors_, magnitudes}, 0, n_vectors_);
    const int64_t n_whole = n_vectors_ / MeasureColumns::kColumns;
    row_loop(MeasureColumns{vectors_, magnitudes}, 0, n_whole);
    for (int64_t i = n_whole * MeasureColumns::kColumns; i < n_vectors_; ++i) {
      for (int64_t k = 0; k < vectors_.n_rows; ++k) magnitudes[i](vectors_(k, i));
    }
  }

  /// Terms begin ... begin + depth - 1, a row each: in place where that is possible, else in
  /// `copy`, which holds zeros where there is no vector.
  ConstMatrixView terms(int64_t begin, int64_t depth, float* copy) const {
    const bool whole = n_vectors_ == width_;
    if (!are_rows_ && whole) {
      return {vectors_.row(begin), depth, width_, vectors_.row_stride};
    }
    if (are_rows_) {
      transpose_rows(vectors_, begin, depth, width_, copy);
    } else {
      std::fill_n(copy, depth * width_, 0.0f);
      for (int64_t k = 0; k < depth; ++k) {
        std::copy_n(vectors_.row(begin + k), n_vectors_, copy + k * width_);
      }
    }
    return dense_view<const float>(copy, depth, width_);
  }

 private:
  bool are_rows_;
  int64_t width_;
  int64_t n_vectors_;
  ConstMatrixView vectors_;
};

}  // namespace

DigitPanels::DigitPanels(const DigitOperand& operand, const DigitTileKernel& kernel, int n_digits)
    : operand_(operand),
      layout_(kernel.layout),
      n_digits_(n_digits),
      width_(operand.is_b ? kernel.n_columns : kPanelRows) {
  const GroupShape shape = group_shape(kernel.layout, n_digits);
  terms_per_group_ = shape.n_terms;
  words_per_group_ = operand.is_b ? shape.b_words : shape.a_words;
  n_groups_ = ceil_div(operand.depth(), terms_per_group_);
  n_blocks_ = std::max<int64_t>(1, ceil_div(n_groups_, kernel.max_groups));
  max_groups_ = std::min(kernel.max_groups, n_groups_);
  n_panels_ = ceil_div(operand.n_vectors(), width_);
}

int64_t DigitPanels::groups_in(int64_t block) const {
  return std::min(max_groups_, n_groups_ - block * max_groups_);
}

void DigitPanels::measure(int64_t panel, LargestMagnitude* magnitudes) const {
  PanelMagnitudes found;
  PanelSource(operand_, panel * width_, width_).measure(found);
  for (int i = 0; i < width_; ++i) {
    magnitudes[i].finite = std::max(magnitudes[i].finite, found[i].finite);
    magnitudes[i].any = std::max(magnitudes[i].any, found[i].any);
  }
}

void DigitPanels::pack(int64_t panel) const {
  PanelMagnitudes magnitudes;
  measure(panel, magnitudes);
  pack(panel, magnitudes);
}

void DigitPanels::pack(int64_t panel, const LargestMagnitude* magnitudes) const {
  const PanelSource source(operand_, panel * width_, width_);
  PanelScales scales;
  for (int i = 0; i < width_; ++i) {
    const int exponent = slice_exponent(static_cast<uint32_t>(magnitudes[i].finite), n_digits_);
    const SliceScale scale = SliceScale::of_exponent(exponent);
    scales.first[i] = scale.first;
    scales.second[i] = scale.second;
    exponents()[panel * width_ + i] = exponent;
    exponents()[(n_panels_ + panel) * width_ + i] = magnitudes[i].has_non_finite() ? 1 : 0;
  }

  alignas(64) ChunkFloats copy;
  alignas(64) ChunkIntegers integers;
  for (int64_t block = 0; block < n_blocks_; ++block) {
    const int64_t block_begin = block * max_groups_ * terms_per_group_;
    const int64_t block_end =
        std::min(operand_.depth(), block_begin + max_groups_ * terms_per_group_);
    int32_t* const sums = memory_ + panel * panel_words() + block * block_words();
    std::fill_n(sums, start_words(), 0);
    int32_t* words = sums + start_words();
    for (int64_t begin = block_begin; begin < block_end; begin += kChunkTerms) {
      const int64_t n_terms = std::min(kChunkTerms, block_end - begin);
      const int64_t n_groups = ceil_div(n_terms, terms_per_group_);
      const ConstMatrixView terms = source.terms(begin, n_terms, copy);
      slice_terms(width_, terms.data, terms.row_stride, scales, n_terms, integers);
      std::fill(integers + n_terms * width_, integers + n_groups * terms_per_group_ * width_, 0);
      make_words(operand_, layout_, n_digits_, width_, integers, n_groups, words);
      if (layout_ == DigitLayout::kOffsetQuads && !operand_.is_b) {
        row_loop(SubtractOffsets{integers, n_terms, n_digits_, sums}, 0, 1);
      }
      words += n_groups * words_per_group_ * width_;
    }
  }
}

}  // namespace reprotrain::kernels
