// SPDX-License-Identifier: Apache-2.0
//   for each panel of columns                      of B: stays in the second-level cache
//     for each group of lines, 48 rows or more
//       for each chain of 1024 terms, for each slice of it      its part of the panel: first-level cache
//         for each line of the group: tiles
//
// Sums wait between slices in work space. Nothing of this reaches a value.
#include "kernels/matmul/line_product.h"

#include <algorithm>
#include <cassert>

#include "kernels/base/ceil_div.h"
#include "kernels/base/work_space.h"
#include "kernels/matmul/ordered_matmul.h"

namespace reprotrain::kernels {

namespace {

/// So many rows share the reading of a slice of B.
constexpr int64_t kGroupRows = 48;

int64_t depth_stride_of(const TileKernel& kernel, int64_t n_columns) {
  if (!kernel.masks_columns) return kernel.max_columns;
  return packed_width(std::min<int64_t>(n_columns, kernel.max_columns));
}

/// Whether B is one panel as it lies.
bool is_panel(const TileKernel& kernel, const ConstMatrixView& b) {
  return b.n_columns == kernel.max_columns && b.row_stride == b.n_columns;
}

/// A range of the terms within one chain.
struct Slice {
  int64_t begin, end;
  bool starts_chain, ends_chain;
};

/// Columns of one panel, and where their sums wait.
struct Panel {
  int64_t first_column;
  int n_columns;
  const float* b;
  float* kept;  ///< (rows of a group, max_columns)
};

class LineTiles {
 public:
  LineTiles(const TileKernel& kernel, const LineProduct& product)
      : kernel_(kernel),
        product_(product),
        depth_(product.b.depth),
        slice_depth_(balanced(std::min(kChainLength, depth_), kernel.max_depth)),
        group_lines_(std::max<int64_t>(1, ceil_div(kGroupRows, product.n_rows))) {}

  void run() const {
    const bool keeps_sums = depth_ > slice_depth_;
    const WorkSpace kept(keeps_sums ? group_lines_ * product_.n_rows * kernel_.max_columns : 0);
    const int64_t n_columns = product_.b.n_columns;
    const auto n_lines = static_cast<int64_t>(product_.a_lines.size());
    int64_t index = 0;
    for (int64_t column = 0; column < n_columns; column += kernel_.max_columns, ++index) {
      const Panel panel{
          column, static_cast<int>(std::min<int64_t>(kernel_.max_columns, n_columns - column)),
          product_.b.data + index * product_.b.panel_stride, kept.data()};
      for (int64_t line = 0; line < n_lines; line += group_lines_) {
        run_group(panel, line, std::min(line + group_lines_, n_lines));
      }
    }
  }

 private:
  /// The largest part when n is cut into nearly equal ones, none above the limit.
  static int64_t balanced(int64_t n, int64_t limit) { return ceil_div(n, ceil_div(n, limit)); }

  void run_group(const Panel& panel, int64_t line_begin, int64_t line_end) const {
    for (int64_t chain = 0; chain < depth_; chain += kChainLength) {
      const int64_t chain_end = std::min(chain + kChainLength, depth_);
      const int64_t depth = balanced(chain_end - chain, slice_depth_);
      for (int64_t begin = chain; begin < chain_end; begin += depth) {
        const int64_t end = std::min(begin + depth, chain_end);
        const Slice slice{begin, end, begin == chain, end == chain_end};
        for (int64_t line = line_begin; line < line_end; ++line) {
          run_line(panel, slice, line,
                   panel.kept + (line - line_begin) * product_.n_rows * kernel_.max_columns);
        }
      }
    }
  }

  /// Heights differ by one at most.
  void run_line(const Panel& panel, const Slice& slice, int64_t line, float* kept) const {
    const int64_t n_rows = product_.n_rows;
    const int64_t n_tiles = ceil_div<int64_t>(n_rows, kernel_.max_rows);
    const int64_t height = n_rows / n_tiles, n_higher = n_rows % n_tiles;
    TileTask task = task_of(panel, slice);
    if (n_higher > 0) {
      run_tiles(panel, slice, line, 0, n_higher, static_cast<int>(height + 1), kept, task);
    }
    run_tiles(panel, slice, line, n_higher * (height + 1), n_tiles - n_higher,
              static_cast<int>(height), kept, task);
  }

  TileTask task_of(const Panel& panel, const Slice& slice) const {
    TileTask task;
    task.depth = slice.end - slice.begin;
    task.a_row_stride = product_.a_row_stride;
    task.a_offsets = product_.term_offsets.data() + slice.begin;
    task.b = panel.b + slice.begin * product_.b.depth_stride;
    task.b_depth_stride = product_.b.depth_stride;
    task.start_row_stride = kernel_.max_columns;
    task.c_row_stride = slice.ends_chain ? product_.c_row_stride : kernel_.max_columns;
    task.n_columns = panel.n_columns;
    task.folds = slice.ends_chain && (product_.folds || slice.end > kChainLength);
    const bool is_last = slice.end == depth_;
    task.bias = is_last && product_.bias != nullptr ? product_.bias + panel.first_column : nullptr;
    return task;
  }

  void run_tiles(const Panel& panel, const Slice& slice, int64_t line, int64_t first_row,
                 int64_t n_tiles, int height, float* kept, TileTask& task) const {
    const auto i = static_cast<size_t>(line);
    task.n_tiles = n_tiles;
    task.n_rows = height;
    task.a = product_.a_lines[i] + first_row * product_.a_row_stride;
    task.a_tile_stride = height * product_.a_row_stride;
    float* const waiting = kept + first_row * kernel_.max_columns;
    task.start = slice.starts_chain ? nullptr : waiting;
    task.c = slice.ends_chain
                 ? product_.c_lines[i] + first_row * product_.c_row_stride + panel.first_column
                 : waiting;
    kernel_.run(task);
  }

  const TileKernel& kernel_;
  const LineProduct& product_;
  int64_t depth_;
  int64_t slice_depth_;  // no slice is longer
  int64_t group_lines_;
};

}  // namespace

int64_t packed_factor_size(const TileKernel& kernel, int64_t depth, int64_t n_columns) {
  return ceil_div<int64_t>(n_columns, kernel.max_columns) * depth *
         depth_stride_of(kernel, n_columns);
}

PackedFactor pack_factor(const TileKernel& kernel, const ConstMatrixView& b, float* memory) {
  if (is_panel(kernel, b)) return {b.data, b.n_rows, b.n_columns, b.row_stride, 0};
  PackedFactor packed{memory, b.n_rows, b.n_columns, depth_stride_of(kernel, b.n_columns), 0};
  packed.panel_stride = b.n_rows * packed.depth_stride;
  float* target = memory;
  for (int64_t column = 0; column < b.n_columns; column += kernel.max_columns) {
    const int64_t width = std::min<int64_t>(kernel.max_columns, b.n_columns - column);
    kernel.pack({b.data + column, b.row_stride, 1, target, packed.depth_stride, b.n_rows,
                 static_cast<int>(width)});
    target += packed.panel_stride;
  }
  return packed;
}

void multiply_lines(const TileKernel& kernel, const LineProduct& product) {
  assert(product.a_lines.size() == product.c_lines.size());
  assert(static_cast<int64_t>(product.term_offsets.size()) == product.b.depth);
  assert(product.b.depth > 0 && (!product.folds || product.b.depth <= kChainLength));
  if (product.n_rows > 0) LineTiles(kernel, product).run();
}

}  // namespace reprotrain::kernels
