// SPDX-License-Identifier: Apache-2.0
// The weight gradient: an element belongs to one column of the patches, so threads share out columns.
// fma32 reads patches in place where that pays (line_weight_gradient.h), else:
//
//   for each range of slices, up to 64 columns each                                (parallel)
//     fma32:           for each block of 1024 rows, for each slice
//                        copy its columns of the block's patches to work space
//                        sums = transposed patches * delta of the block
//                        gradient = sums in the first block, gradient + sums after it
//     integer slices:  for each slice
//                        for each block of rows: copy its columns, measure them and delta
//                        for each block of rows: copy its columns, add transposed patches * delta
//                        gradient = the total, rounded once
//
// A product of 1024 terms is one chain, and the blocks are folded in their order: fma32 over all rows.
// A single block of integer slices is measured by its product.
#include <algorithm>

#include "kernels/base/vector_loop.h"
#include "kernels/base/work_space.h"
#include "kernels/conv/convolution.h"
#include "kernels/conv/convolution_shapes.h"
#include "kernels/conv/line_weight_gradient.h"
#include "kernels/conv/patch_slices.h"
#include "kernels/matmul/sliced_matmul.h"
#include "kernels/reduce/column_sums.h"

namespace reprotrain::kernels {

namespace {

constexpr int64_t kSliceColumns = 64;
constexpr int64_t kBlockElements = int64_t{1} << 24;  // 64 MiB: patches, and digits of both factors
constexpr int64_t kFewestRows = 1024;                 // of such a block

/// gradient = gradient + sums, row by row.
struct Fold {
  MatrixView gradient;
  const float* sums;

  RPT_HD void operator()(int64_t row) const {
    float* target = gradient.row(row);
    const float* source = sums + row * gradient.n_columns;
    RPT_INDEPENDENT for (int64_t j = 0; j < gradient.n_columns; ++j) {
      target[j] = target[j] + source[j];
    }
  }
};

class WeightGradient {
 public:
  explicit WeightGradient(const ConvolutionWeightGradient& pass)
      : pass_(pass),
        c_(pass.convolution),
        n_rows_(pass.images.n_rows * c_.n_windows()),
        slice_columns_(std::min(kSliceColumns, c_.n_weight_rows())),
        block_rows_(std::min(n_rows_, most_block_rows())),
        slices_(c_, slice_columns_) {}

  void run(const Parallel& parallel) const {
    parallel.for_ranges(slices_.count(), chunk_grain(n_rows_, slice_columns_, c_.group_out()),
                        [&](int64_t begin, int64_t end) { run_slices(begin, end); });
  }

 private:
  int64_t most_block_rows() const {
    if (pass_.product == MatmulSpecification::kFma32) return kChainLength;
    if (pass_.chunk.n_rows > 0) return pass_.chunk.n_rows;
    return std::max(kFewestRows, kBlockElements / (2 * slice_columns_ + c_.group_out()));
  }

  void run_slices(int64_t begin, int64_t end) const {
    const WorkSpace patches(block_rows_ * slice_columns_);
    if (pass_.product != MatmulSpecification::kFma32 && block_rows_ < n_rows_) {
      for (int64_t i = begin; i < end; ++i) sum_slice(slices_[i], patches.data());
      return;
    }
    const WorkSpace sums(slice_columns_ * c_.group_out());
    int64_t row = 0;
    do {  // a batch without rows has one block without terms
      const int64_t row_end = std::min(row + block_rows_, n_rows_);
      for (int64_t i = begin; i < end; ++i) {
        add_block(slices_[i], row, row_end, patches.data(), sums.data());
      }
      row = row_end;
    } while (row < n_rows_);
  }

  /// Rows [row, row_end) of a slice's patches, copied to `patches`, and of delta.
  SlicedTerms terms(const PatchSlice& slice, int64_t row, int64_t row_end, float* patches) const {
    gather_patches(slice.patches(c_, pass_.images), {row, row_end, slice.tap_begin, slice.tap_end},
                   patches);
    const auto delta = group_of_pixels(pass_.delta, c_.n_channels_out, slice.group, c_.n_groups);
    return {dense_view<const float>(patches, row_end - row, slice.n_columns()),
            rows_of(delta, row, row_end)};
  }

  /// The gradient of a slice, by integers whose sums over all blocks are rounded once.
  void sum_slice(const PatchSlice& slice, float* patches) const {
    const int n_digits = pass_.product == MatmulSpecification::kInt8x2 ? 2 : 3;
    SlicedSum sum(slice.n_columns(), c_.group_out(), n_digits);
    for (int64_t row = 0; row < n_rows_; row += block_rows_) {
      sum.measure(terms(slice, row, std::min(row + block_rows_, n_rows_), patches));
    }
    for (int64_t row = 0; row < n_rows_; row += block_rows_) {
      sum.add(terms(slice, row, std::min(row + block_rows_, n_rows_), patches));
    }
    sum.finish(slice.gradient(c_, pass_.weight_gradient));
  }

  void add_block(const PatchSlice& slice, int64_t row, int64_t row_end, float* patches,
                 float* sums) const {
    const auto [of_patches, delta] = terms(slice, row, row_end, patches);
    const MatrixView gradient = slice.gradient(c_, pass_.weight_gradient);
    const MatrixView target =
        row == 0 ? gradient : dense_view(sums, gradient.n_rows, gradient.n_columns);
    multiply(pass_.product, {of_patches, true, delta, false, target, nullptr}, SerialParallel());
    if (row != 0) row_loop(Fold{gradient, sums}, 0, gradient.n_rows);
  }

  const ConvolutionWeightGradient& pass_;
  const Convolution& c_;
  int64_t n_rows_;
  int64_t slice_columns_;
  int64_t block_rows_;
  PatchSlices slices_;
};

}  // namespace

void convolution_weight_gradient(const ConvolutionWeightGradient& pass, const Parallel& parallel) {
  require_matching(pass);
  const Convolution& c = pass.convolution;
  if (patches_are_pixels(c)) {
    for (int64_t group = 0; group < c.n_groups; ++group) {
      multiply(pass.product, product_of_pixels(pass, group), parallel);
    }
  } else if (pass.product == MatmulSpecification::kFma32 &&
             reads_weight_gradient_in_lines(pass, parallel.n_threads())) {
    line_weight_gradient(pass, parallel);
  } else {
    WeightGradient(pass).run(parallel);
  }
  if (!pass.bias_gradient.empty()) {
    exact_column_sums(group_of_pixels(pass.delta, c.n_channels_out, 0, 1), pass.bias_gradient,
                      parallel);
  }
}

}  // namespace reprotrain::kernels
