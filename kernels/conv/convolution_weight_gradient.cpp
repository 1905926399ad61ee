// SPDX-License-Identifier: Apache-2.0
// The weight gradient: an element belongs to one column of the patches, so threads share out columns.
//
//   for each range of slices, up to 64 columns each                                (parallel)
//     for each block of rows: 1024, a chain of fma32; all of them for integer slices
//       for each slice
//         copy its columns of the block's patches to work space
//         sums = transposed patches * delta of the block
//         gradient = sums in the first block, gradient + sums after it
//
// A product of 1024 terms is one chain, and the blocks are folded in their order: fma32 over all rows.
#include <algorithm>

#include "kernels/base/require.h"
#include "kernels/base/vector_loop.h"
#include "kernels/base/work_space.h"
#include "kernels/conv/convolution.h"
#include "kernels/conv/convolution_shapes.h"
#include "kernels/reduce/column_sums.h"

namespace reprotrain::kernels {

namespace {

constexpr int64_t kSliceColumns = 64;

/// Columns of a group's patches: some taps with all channels, or one tap with some of them.
struct Slice {
  int64_t group;
  int64_t tap_begin, tap_end;
  int64_t channel_begin, channel_end;  ///< within the group

  int64_t n_channels() const { return channel_end - channel_begin; }
  int64_t n_columns() const { return (tap_end - tap_begin) * n_channels(); }
};

/// Nearly equal slices, numbered.
class Slices {
 public:
  explicit Slices(const Convolution& c)
      : n_taps_(c.n_taps()),
        n_channels_(c.group_in()),
        tap_parts_(ceil_div(n_taps_, std::max<int64_t>(1, kSliceColumns / n_channels_))),
        channel_parts_(ceil_div(n_channels_, kSliceColumns)),
        count_(c.n_groups * tap_parts_ * channel_parts_) {}

  int64_t count() const { return count_; }
  Slice operator[](int64_t index) const {
    const int64_t channel_part = index % channel_parts_;
    const int64_t tap_part = index / channel_parts_ % tap_parts_;
    return {index / channel_parts_ / tap_parts_, tap_part * n_taps_ / tap_parts_,
            (tap_part + 1) * n_taps_ / tap_parts_, channel_part * n_channels_ / channel_parts_,
            (channel_part + 1) * n_channels_ / channel_parts_};
  }

 private:
  int64_t n_taps_, n_channels_, tap_parts_, channel_parts_, count_;
};

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
        block_rows_(pass.product == MatmulSpecification::kFma32 ? kChainLength : n_rows_),
        slices_(c_) {}

  void run(const Parallel& parallel) const {
    const int64_t slice_columns = std::min(kSliceColumns, c_.n_weight_rows());
    parallel.for_ranges(slices_.count(), chunk_grain(n_rows_, slice_columns, c_.group_out()),
                        [&](int64_t begin, int64_t end) { run_slices(begin, end); });
  }

 private:
  void run_slices(int64_t begin, int64_t end) const {
    const WorkSpace patches(std::min(block_rows_, n_rows_) * kSliceColumns);
    const WorkSpace sums(kSliceColumns * c_.group_out());
    int64_t row = 0;
    do {  // a batch without rows has one block without terms
      const int64_t row_end = std::min(row + block_rows_, n_rows_);
      for (int64_t i = begin; i < end; ++i) {
        add_block(slices_[i], row, row_end, patches.data(), sums.data());
      }
      row = row_end;
    } while (row < n_rows_);
  }

  void add_block(const Slice& slice, int64_t row, int64_t row_end, float* patches,
                 float* sums) const {
    gather_patches(windows_of(pass_.images, c_, slice.group * c_.group_in() + slice.channel_begin,
                              slice.n_channels()),
                   {row, row_end, slice.tap_begin, slice.tap_end}, patches);
    const auto delta = group_of_pixels(pass_.delta, c_.n_channels_out, slice.group, c_.n_groups);
    const MatrixView gradient = gradient_of(slice);
    const MatrixView target =
        row == 0 ? gradient : dense_view(sums, gradient.n_rows, gradient.n_columns);
    multiply(pass_.product,
             {dense_view<const float>(patches, row_end - row, slice.n_columns()), true,
              rows_of(delta, row, row_end), false, target, nullptr},
             SerialParallel());
    if (row != 0) row_loop(Fold{gradient, sums}, 0, gradient.n_rows);
  }

  MatrixView gradient_of(const Slice& slice) const {
    const int64_t first = slice.tap_begin * c_.group_in() + slice.channel_begin;
    const MatrixView group = group_of_weight(pass_.weight_gradient, c_, slice.group);
    return rows_of(group, first, first + slice.n_columns());
  }

  const ConvolutionWeightGradient& pass_;
  const Convolution& c_;
  int64_t n_rows_;
  int64_t block_rows_;
  Slices slices_;
};

void require_matching(const ConvolutionWeightGradient& pass) {
  const Convolution& c = pass.convolution;
  require_convolution(c);
  require_images(pass.images, pass.images.n_rows, c.n_inputs(), "images");
  require_images(pass.delta, pass.images.n_rows, c.n_outputs(), "delta");
  require_weight(c, pass.weight_gradient, pass.bias_gradient.size(), "weight_gradient");
}

}  // namespace

void convolution_weight_gradient(const ConvolutionWeightGradient& pass, const Parallel& parallel) {
  require_matching(pass);
  const Convolution& c = pass.convolution;
  if (patches_are_pixels(c)) {
    for (int64_t group = 0; group < c.n_groups; ++group) {
      multiply(pass.product,
               {group_of_pixels(pass.images, c.n_channels_in, group, c.n_groups), true,
                group_of_pixels(pass.delta, c.n_channels_out, group, c.n_groups), false,
                group_of_weight(pass.weight_gradient, c, group), nullptr},
               parallel);
    }
  } else {
    WeightGradient(pass).run(parallel);
  }
  if (!pass.bias_gradient.empty()) {
    exact_column_sums(group_of_pixels(pass.delta, c.n_channels_out, 0, 1), pass.bias_gradient,
                      parallel);
  }
}

}  // namespace reprotrain::kernels
