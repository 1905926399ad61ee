// SPDX-License-Identifier: Apache-2.0
// How a piece of a product is walked:
//
//   for each block of kChainLength along K             one chain per element, C folded after it
//     for each slice of the block                      the chain goes on where it had come to
//       for each block of rows
//         copy the rows of A, tile by tile             to the second-level cache
//         for each group of panels of columns          one panel, or some of a shallow product
//           copy the panels of B, the first time       to the first-level cache
//           tiles over all rows of the block
//           the epilogue, after the last slice, for the last panels
//
// Copies are left out where the matrix can be read well in place. Nothing of this reaches a value.
#include "kernels/matmul/ordered_matmul.h"

#include <algorithm>

#include "kernels/base/ceil_div.h"
#include "kernels/base/require.h"
#include "kernels/base/work_space.h"
#include "kernels/matmul/epilogue_rows.h"
#include "kernels/matmul/product_plan.h"
#include "kernels/matmul/tile_kernel.h"

namespace reprotrain::kernels {

namespace {

/// Columns that one pass over the rows of a piece visits: bounds the sums kept between slices.
constexpr int64_t kGroupColumns = 2048;
/// Numbers of B that the panels of a group may have together: half of a first-level cache.
constexpr int64_t kGroupNumbers = 4096;
/// Rows this far apart cost address translations and cache conflicts.
constexpr int64_t kFarApart = 256;
/// How often a packed number must be read for the copy to pay.
constexpr int64_t kReuseWorthPacking = 4;

/// A range of K within one chain.
struct Slice {
  int64_t begin;
  int64_t end;
  bool starts_chain;
  bool ends_chain;

  int64_t depth() const { return end - begin; }
};

/// Rows of a region, counted within it, whose part of A fits the second-level cache.
struct RowBlock {
  int64_t begin;
  int64_t n_rows;
  int64_t n_tiles;
  bool is_first;
};

/// Tiles of equal height that follow one another in a row block.
struct TileRun {
  int64_t first_tile;
  int64_t n_tiles;
  int64_t first_row;  ///< counted within the region
  int height;
};

/// Panels of equal width beside one another.
struct PanelGroup {
  int64_t first;
  int64_t n_panels;
  int64_t column;  ///< counted within the region
  int width;
};

/// Heights differ by one at most: 32 rows make 6 + 6 + 5 + 5 + 5 + 5, not 5 x 6 + 2.
template <typename Visit>
void for_tile_runs(const RowBlock& block, const Visit& visit) {
  const int64_t height = block.n_rows / block.n_tiles;
  const int64_t n_higher = block.n_rows % block.n_tiles;
  if (n_higher > 0) visit(TileRun{0, n_higher, block.begin, static_cast<int>(height + 1)});
  visit(TileRun{n_higher, block.n_tiles - n_higher, block.begin + n_higher * (height + 1),
                static_cast<int>(height)});
}

/// A region of C.
class RegionProduct {
 public:
  RegionProduct(const ProductPlan& plan, const Region& region, const MatrixProduct& given)
      : product_(plan.product()),
        given_(given),
        kernel_(plan.kernel()),
        region_(region),
        n_panels_(ceil_div(region.n_columns(), kernel_.max_columns)),
        n_blocks_(ceil_div(region.n_rows(), kernel_.max_block_rows)),
        slice_depth_(balanced(std::min(kChainLength, product_.depth), kernel_.max_depth)),
        packs_a_(packs_a()),
        keeps_sums_(keeps_sums()),
        tile_stride_(packed_width(std::min<int64_t>(kernel_.max_rows, region.n_rows()))),
        panel_stride_(kernel_.max_columns * slice_depth_),
        group_panels_(std::clamp<int64_t>(kGroupNumbers / panel_stride_, 1, n_panels_)),
        kept_stride_(packed_width(region.n_columns())),
        kept_sums_(keeps_sums_ ? region.n_rows() * kept_stride_ : 0),
        packed_a_(packs_a_ ? most_tiles() * tile_stride_ * slice_depth_ : 0),
        packed_b_((n_blocks_ > 1 ? n_panels_ : group_panels_) * panel_stride_) {}

  void run() const {
    for (int64_t chain = 0; chain < product_.depth; chain += kChainLength) {
      const int64_t chain_end = std::min(chain + kChainLength, product_.depth);
      const int64_t depth = balanced(chain_end - chain, slice_depth_);
      for (int64_t begin = chain; begin < chain_end; begin += depth) {
        const int64_t end = std::min(begin + depth, chain_end);
        run_slice({begin, end, begin == chain, end == chain_end});
      }
    }
  }

 private:
  /// The largest part when n is cut into nearly equal ones, none above the limit.
  static int64_t balanced(int64_t n, int64_t limit) { return ceil_div(n, ceil_div(n, limit)); }

  int64_t most_tiles() const {
    return ceil_div(balanced(region_.n_rows(), kernel_.max_block_rows), kernel_.max_rows);
  }

  /// Whether a chain cannot wait in C for its next slice: C holds other chains, or is turned round.
  bool keeps_sums() const {
    return product_.depth > slice_depth_ &&
           (product_.depth > kChainLength || product_.is_transposition);
  }

  bool packs_a() const {
    const auto& a = product_.a;
    if (a.column_stride >= kFarApart) return n_panels_ > 1;
    return a.row_stride >= kFarApart && n_panels_ >= kReuseWorthPacking && !product_.a_is_in_cache;
  }

  bool packs_panel(int width) const {
    if (product_.b.column_stride != 1) return true;
    if (width < kernel_.max_columns && !kernel_.masks_columns) return true;
    return region_.n_rows() > kReuseWorthPacking * kernel_.max_rows &&
           product_.b.row_stride >= 2 * kernel_.max_columns;
  }

  void run_slice(const Slice& slice) const {
    for (int64_t i = 0; i < n_blocks_; ++i) {
      const int64_t begin = i * region_.n_rows() / n_blocks_;
      const int64_t n_rows = (i + 1) * region_.n_rows() / n_blocks_ - begin;
      run_block(slice, {begin, n_rows, ceil_div(n_rows, kernel_.max_rows), i == 0});
    }
  }

  void run_block(const Slice& slice, const RowBlock& block) const {
    if (packs_a_) for_tile_runs(block, [&](const TileRun& run) { pack_rows(slice, run); });
    int64_t finished = 0;  // columns
    const auto run = [&](const PanelGroup& group) {
      run_group(slice, block, group);
      const int64_t end = group.column + group.n_panels * group.width;
      const bool is_large = (end - finished) * block.n_rows >= kElementsFinishedAtOnce;
      if (slice.end < product_.depth || (!is_large && end < region_.n_columns())) return;
      finish(block, finished, end);
      finished = end;
    };
    const int64_t n_whole = region_.n_columns() / kernel_.max_columns;
    for (int64_t panel = 0; panel < n_whole; panel += group_panels_) {
      run({panel, std::min(group_panels_, n_whole - panel), panel * kernel_.max_columns,
           kernel_.max_columns});
    }
    const int64_t column = n_whole * kernel_.max_columns;
    const int rim = static_cast<int>(region_.n_columns() - column);
    if (rim > 0) run({n_whole, 1, column, rim});
  }

  void run_group(const Slice& slice, const RowBlock& block, const PanelGroup& group) const {
    TileTask task;
    task.depth = slice.depth();
    task.n_panels = group.n_panels;
    task.n_columns = group.width;
    place_b(slice, group, block.is_first, task);
    for_tile_runs(block, [&](const TileRun& run) {
      task.n_tiles = run.n_tiles;
      task.n_rows = run.height;
      place_a(slice, run, task);
      place_c(slice, run.first_row, group.column, task);
      kernel_.run(task);
    });
  }

  /// The epilogue for columns of a row block whose last additions are done.
  void finish(const RowBlock& block, int64_t column_begin, int64_t column_end) const {
    const int64_t row = region_.row_begin + block.begin;
    const Region done{row, row + block.n_rows, region_.column_begin + column_begin,
                      region_.column_begin + column_end};
    const Region turned{done.column_begin, done.column_end, done.row_begin, done.row_end};
    finish_region(given_.epilogue, given_.c, product_.is_transposition ? turned : done);
  }

  float* packed_tile(const Slice& slice, int64_t tile) const {
    return packed_a_.data() + tile * tile_stride_ * slice.depth();
  }

  void pack_rows(const Slice& slice, const TileRun& run) const {
    for (int64_t i = 0; i < run.n_tiles; ++i) {
      const int64_t row = region_.row_begin + run.first_row + i * run.height;
      kernel_.pack({product_.a.at(row, slice.begin), product_.a.column_stride,
                    product_.a.row_stride, packed_tile(slice, run.first_tile + i), tile_stride_,
                    slice.depth(), run.height});
    }
  }

  /// Says where panels of B lie, after copying them where that pays: once for all row blocks, or, if
  /// there is one only, to a place that all groups share.
  void place_b(const Slice& slice, const PanelGroup& group, bool is_first_use,
               TileTask& task) const {
    task.b = product_.b.at(slice.begin, region_.column_begin + group.column);
    task.b_depth_stride = product_.b.row_stride;
    task.b_panel_stride = group.width * product_.b.column_stride;
    if (!packs_panel(group.width)) return;
    float* packed = packed_b_.data() + (n_blocks_ > 1 ? group.first * panel_stride_ : 0);
    for (int64_t i = 0; is_first_use && i < group.n_panels; ++i) {
      kernel_.pack({task.b + i * task.b_panel_stride, product_.b.row_stride,
                    product_.b.column_stride, packed + i * panel_stride_, kernel_.max_columns,
                    slice.depth(), group.width});
    }
    task.b = packed;
    task.b_depth_stride = kernel_.max_columns;
    task.b_panel_stride = panel_stride_;
  }

  void place_a(const Slice& slice, const TileRun& run, TileTask& task) const {
    if (packs_a_) {
      task.a = packed_tile(slice, run.first_tile);
      task.a_tile_stride = tile_stride_ * slice.depth();
      task.a_row_stride = 1;
      task.a_depth_stride = tile_stride_;
    } else {
      task.a = product_.a.at(region_.row_begin + run.first_row, slice.begin);
      task.a_tile_stride = run.height * product_.a.row_stride;
      task.a_row_stride = product_.a.row_stride;
      task.a_depth_stride = product_.a.column_stride;
    }
  }

  /// Where the chains come from and go to; `row` and `column` count within the region.
  void place_c(const Slice& slice, int64_t row, int64_t column, TileTask& task) const {
    float* c = product_.c.at(region_.row_begin + row, region_.column_begin + column);
    float* kept = keeps_sums_ ? kept_sums_.data() + row * kept_stride_ + column : c;
    const int64_t kept_stride = keeps_sums_ ? kept_stride_ : product_.c.row_stride;
    task.start = slice.starts_chain ? nullptr : kept;
    task.start_row_stride = kept_stride;
    task.c = slice.ends_chain ? c : kept;
    task.c_row_stride = slice.ends_chain ? product_.c.row_stride : kept_stride;
    task.c_column_stride = slice.ends_chain ? product_.c.column_stride : 1;
    task.is_turned = slice.ends_chain && product_.is_transposition;
    task.folds = slice.ends_chain && slice.end > kChainLength;
    task.bias = slice.end == product_.depth
                    ? product_.bias_at(region_.row_begin + row, region_.column_begin + column)
                    : nullptr;
  }

  const OrientedProduct& product_;
  const MatrixProduct& given_;
  const TileKernel& kernel_;
  Region region_;
  int64_t n_panels_;
  int64_t n_blocks_;
  int64_t slice_depth_;  // no slice is longer
  bool packs_a_;
  bool keeps_sums_;
  int64_t tile_stride_;
  int64_t panel_stride_;
  int64_t group_panels_;
  int64_t kept_stride_;
  WorkSpace kept_sums_;
  WorkSpace packed_a_;
  WorkSpace packed_b_;
};

void run_region(const ProductPlan& plan, const Region& region, const MatrixProduct& given) {
  for (int64_t begin = region.column_begin; begin < region.column_end; begin += kGroupColumns) {
    const int64_t end = std::min(begin + kGroupColumns, region.column_end);
    RegionProduct(plan, {region.row_begin, region.row_end, begin, end}, given).run();
  }
}

/// K = 0: the value of an empty chain, and what comes after it.
void fill_without_terms(const MatrixProduct& product) {
  for (int64_t row = 0; row < product.c.n_rows; ++row) {
    for (int64_t column = 0; column < product.c.n_columns; ++column) {
      product.c(row, column) = product.bias == nullptr ? 0.0f : 0.0f + product.bias[column];
    }
  }
  finish_region(product.epilogue, product.c, {0, product.c.n_rows, 0, product.c.n_columns});
}

}  // namespace

void require_product(const MatrixProduct& product) {
  require_view(product.a, "A");
  require_view(product.b, "B");
  require_view(product.c, "C");
  require(has_matching_shapes(product), "matrix product: the shapes of A, B and C do not match");
  require_epilogue(product.epilogue, product.c.n_rows, product.c.n_columns);
}

void ordered_matmul(const MatrixProduct& product, const Parallel& parallel) {
  require_product(product);
  if (product.c.n_rows == 0 || product.c.n_columns == 0) return;
  if (product.depth() == 0) return fill_without_terms(product);
  const ProductPlan plan(product, parallel.n_threads());
  parallel.for_ranges(plan.n_pieces(), 1, [&](int64_t begin, int64_t end) {
    plan.visit_regions(begin, end,
                       [&](const Region& region) { run_region(plan, region, product); });
  });
}

}  // namespace reprotrain::kernels
