// SPDX-License-Identifier: Apache-2.0
// How a product is cut: blocks along K, then panels of B, then tiles of C.
//
//   for each block of kChainLength along K             one chain per element, C folded after it
//     pack the panels of B that a tile cannot read in place      (parallel over panels)
//     for each (group of panels, row tile)                       (parallel over both)
//       for each panel of the group: one tile
//
// A block of a panel (1024 x 32) stays in the second-level cache while tiles read it; a row tile of
// A (12 x 1024) serves all panels of its group. Nothing of this reaches a value.
#include "kernels/matmul/ordered_matmul.h"

#include <algorithm>

#include "kernels/base/cpu_path.h"
#include "kernels/base/require.h"
#include "kernels/base/work_space.h"
#include "kernels/matmul/tile_kernel.h"

namespace reprotrain::kernels {

namespace {

/// Least work of a piece (in fma), so that handing it to a thread pays: about 20 us.
constexpr int64_t kPieceWork = int64_t{1} << 20;
/// How often a packed number must be read for the copy to pay.
constexpr int64_t kReuseWorthPacking = 4;
/// Columns that one row tile visits in a task.
constexpr int64_t kGroupColumns = 512;

int64_t pieces_of(int64_t n, int64_t size) { return (n + size - 1) / size; }

TileKernel tile_kernel() {
#if defined(__x86_64__)
  if (uses_avx512(cpu_path())) return avx512_tile_kernel();
  if (uses_avx2(cpu_path())) return avx2_tile_kernel();
#endif
  return portable_tile_kernel();
}

/// One block along K of one product.
class ProductBlock {
 public:
  ProductBlock(const MatrixProduct& product, const TileKernel& kernel, int64_t depth_begin)
      : product_(product),
        kernel_(kernel),
        depth_begin_(depth_begin),
        depth_(std::min(kChainLength, product.depth() - depth_begin)),
        n_panels_(pieces_of(product.c.n_columns, kernel.max_columns)),
        n_row_tiles_(pieces_of(product.c.n_rows, kernel.max_rows)),
        first_packed_panel_(first_packed_panel()),
        packs_a_(packs_a()) {}

  void run(const Parallel& parallel) const {
    const int64_t n_packed = n_panels_ - first_packed_panel_;
    const WorkSpace packed(n_packed * panel_size());
    const int64_t panel_work = panel_size() * 4;  // moving a number costs about four fma
    parallel.for_ranges(n_packed, pieces_of(kPieceWork, panel_work),
                        [&](int64_t begin, int64_t end) {
                          for (int64_t i = begin; i < end; ++i) pack_panel(i, packed.data());
                        });

    const int64_t group = std::max<int64_t>(1, kGroupColumns / kernel_.max_columns);
    const int64_t n_groups = pieces_of(n_panels_, group);
    const int64_t tile_work = depth_ * kernel_.max_rows * kernel_.max_columns;
    const int64_t task_work = tile_work * std::min(group, n_panels_);
    parallel.for_ranges(n_groups * n_row_tiles_, pieces_of(kPieceWork, task_work),
                        [&](int64_t begin, int64_t end) {
                          for (int64_t task = begin; task < end; ++task) {
                            const int64_t first = (task / n_row_tiles_) * group;
                            run_row_tile(task % n_row_tiles_, first,
                                         std::min(first + group, n_panels_), packed.data());
                          }
                        });
  }

 private:
  /// Panels from this one on are copied; those before are read in place.
  int64_t first_packed_panel() const {
    if (product_.transpose_b) return 0;
    const bool reads_well_in_place = kernel_.masks_columns && product_.b.row_stride < 256;
    if (n_row_tiles_ >= kReuseWorthPacking && !reads_well_in_place) return 0;
    return kernel_.masks_columns ? n_panels_ : product_.c.n_columns / kernel_.max_columns;
  }

  /// Rows of A far apart cost address translations, and cache conflicts at powers of two.
  bool packs_a() const {
    return product_.a.row_stride >= 256 && depth_ >= 256 && n_panels_ >= kReuseWorthPacking;
  }

  int64_t panel_size() const { return depth_ * kernel_.max_columns; }

  int panel_columns(int64_t panel) const {
    return static_cast<int>(
        std::min<int64_t>(kernel_.max_columns, product_.c.n_columns - panel * kernel_.max_columns));
  }

  const float* b_at(int64_t k, int64_t column) const {
    return product_.transpose_b ? product_.b.row(column) + k : product_.b.row(k) + column;
  }

  void pack_panel(int64_t index, float* packed) const {
    const int64_t panel = first_packed_panel_ + index;
    const int width = panel_columns(panel);
    float* target = packed + index * panel_size();
    const float* source = b_at(depth_begin_, panel * kernel_.max_columns);
    if (width < kernel_.max_columns) std::fill_n(target, panel_size(), 0.0f);
    if (product_.transpose_b) {
      kernel_.pack({source, product_.b.row_stride, target, kernel_.max_columns, depth_, width});
      return;
    }
    for (int64_t k = 0; k < depth_; ++k) {
      std::copy_n(source + k * product_.b.row_stride, width, target + k * kernel_.max_columns);
    }
  }

  void run_row_tile(int64_t row_tile, int64_t panel_begin, int64_t panel_end,
                    const float* packed_b) const {
    // Tiles of nearly equal height: 64 rows make 11 + 11 + 11 + 11 + 10 + 10, not 5 x 12 + 4.
    const int64_t row_begin = row_tile * product_.c.n_rows / n_row_tiles_;
    const int64_t row_end = (row_tile + 1) * product_.c.n_rows / n_row_tiles_;
    TileTask task;
    task.depth = depth_;
    task.n_rows = static_cast<int>(row_end - row_begin);
    task.c_row_stride = product_.c.row_stride;
    task.first_block = depth_begin_ == 0;
    const WorkSpace packed_a(packs_a_ ? depth_ * task.n_rows : 0);
    place_a(row_begin, packed_a.data(), task);

    const bool last_block = depth_begin_ + depth_ == product_.depth();
    for (int64_t panel = panel_begin; panel < panel_end; ++panel) {
      const int64_t column = panel * kernel_.max_columns;
      const bool is_packed = panel >= first_packed_panel_;
      task.b = is_packed ? packed_b + (panel - first_packed_panel_) * panel_size()
                         : b_at(depth_begin_, column);
      task.b_depth_stride = is_packed ? kernel_.max_columns : product_.b.row_stride;
      task.n_columns = panel_columns(panel);
      task.c = product_.c.row(row_begin) + column;
      task.bias = last_block && product_.bias != nullptr ? product_.bias + column : nullptr;
      kernel_.run(task);
    }
  }

  /// Says where the row tile's part of A lies, after copying it to `packed` where that pays.
  void place_a(int64_t row_begin, float* packed, TileTask& task) const {
    const ConstMatrixView& a = product_.a;
    const bool adjacent = product_.transpose_a;
    task.a = adjacent ? a.row(depth_begin_) + row_begin : a.row(row_begin) + depth_begin_;
    task.a_row_stride = adjacent ? 1 : a.row_stride;
    task.a_depth_stride = adjacent ? a.row_stride : 1;
    if (!packs_a_) return;
    if (adjacent) {
      for (int64_t k = 0; k < depth_; ++k) {
        std::copy_n(task.a + k * a.row_stride, task.n_rows, packed + k * task.n_rows);
      }
    } else {
      kernel_.pack({task.a, a.row_stride, packed, task.n_rows, depth_, task.n_rows});
    }
    task.a = packed;
    task.a_row_stride = 1;
    task.a_depth_stride = task.n_rows;
  }

  const MatrixProduct& product_;
  const TileKernel& kernel_;
  int64_t depth_begin_;
  int64_t depth_;
  int64_t n_panels_;
  int64_t n_row_tiles_;
  int64_t first_packed_panel_;
  bool packs_a_;
};

/// K = 0: the value of an empty chain, and the bias after it.
void fill_without_terms(const MatrixProduct& product) {
  for (int64_t row = 0; row < product.c.n_rows; ++row) {
    for (int64_t column = 0; column < product.c.n_columns; ++column) {
      product.c(row, column) = product.bias == nullptr ? 0.0f : 0.0f + product.bias[column];
    }
  }
}

}  // namespace

void require_product(const MatrixProduct& product) {
  require_view(product.a, "A");
  require_view(product.b, "B");
  require_view(product.c, "C");
  require(has_matching_shapes(product), "matrix product: the shapes of A, B and C do not match");
}

void ordered_matmul(const MatrixProduct& product, const Parallel& parallel) {
  require_product(product);
  if (product.c.n_rows == 0 || product.c.n_columns == 0) return;
  if (product.depth() == 0) return fill_without_terms(product);
  const TileKernel kernel = tile_kernel();
  for (int64_t begin = 0; begin < product.depth(); begin += kChainLength) {
    ProductBlock(product, kernel, begin).run(parallel);
  }
}

}  // namespace reprotrain::kernels
