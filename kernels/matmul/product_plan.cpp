// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul/product_plan.h"

#include <utility>

#include "kernels/base/ceil_div.h"
#include "kernels/base/cpu_path.h"

namespace reprotrain::kernels {

namespace {

/// Least work of a piece (in fma), about 7 us: a hand-over takes 1 us, but in a training step the
/// operands of a shorter piece take longer to come over from the caches of another processor.
constexpr int64_t kPieceWork = 330'000;
/// Storing an element of C takes as long as so many fma.
constexpr int64_t kStoreWork = 16;
/// Work that a thread takes in several pieces, so that threads which lose time lose less of it to
/// one another: a piece of a millisecond can bear copies of its own.
constexpr int64_t kLongWork = int64_t{1} << 25;
constexpr int64_t kMostPiecesOfThread = 4;
/// Row blocks of the kernel that a piece may have; they share the copies of B.
constexpr int64_t kRegionBlocks = 8;

OrientedProduct as_given(const MatrixProduct& p) {
  const auto strided = [](const ConstMatrixView& m, bool transposed) {
    return StridedMatrix<const float>{m.data, transposed ? 1 : m.row_stride,
                                      transposed ? m.row_stride : 1};
  };
  return {strided(p.a, p.transpose_a),
          strided(p.b, p.transpose_b),
          {p.c.data, p.c.row_stride, 1},
          p.c.n_rows,
          p.c.n_columns,
          p.depth(),
          p.bias,
          false,
          p.a_is_in_cache};
}

OrientedProduct transposed(const OrientedProduct& p) {
  const auto turned = [](const auto& m) {
    auto result = m;
    std::swap(result.row_stride, result.column_stride);
    return result;
  };
  return {turned(p.b), turned(p.a), turned(p.c), p.n_columns, p.n_rows, p.depth, p.bias, true};
}

/// About the vector lanes used up for each k: those of the tiles, and those that could have worked
/// while panels of B and rows of A were copied and tiles turned round.
int64_t lanes_per_term(const OrientedProduct& p) {
  const int64_t copied = p.n_columns * (p.b.column_stride == 1 ? 1 : 2) + p.n_rows;
  const int64_t turned = p.is_transposition ? p.n_rows * p.n_columns * 16 / p.depth : 0;
  return p.n_rows * packed_width(p.n_columns) + copied + turned;
}

OrientedProduct oriented(const MatrixProduct& product) {
  const OrientedProduct given = as_given(product);
  const OrientedProduct turned = transposed(given);
  return lanes_per_term(turned) < lanes_per_term(given) ? turned : given;
}

/// How many pieces a product is worth.
int64_t wanted_pieces(const OrientedProduct& p, int n_threads) {
  const int64_t work = (p.depth + kStoreWork) * p.n_rows * packed_width(p.n_columns);
  if (work < n_threads * kPieceWork) return std::max<int64_t>(1, work / kPieceWork);
  return n_threads * std::clamp<int64_t>(work / n_threads / kLongWork, 1, kMostPiecesOfThread);
}

/// About the time of a piece for each k, in fma: its tiles, and copies of its rows of A and columns of
/// B. A copy that transposes takes twice as long.
int64_t piece_cost(const OrientedProduct& p, int64_t n_rows, int64_t n_columns) {
  const int64_t copied_a = n_rows * (p.a.row_stride == 1 ? 1 : 2);
  const int64_t copied_b = n_columns * (p.b.column_stride == 1 ? 1 : 2);
  return n_rows * n_columns + 4 * (copied_a + copied_b);
}

/// The numbers of row blocks and of column ranges.
struct Grid {
  int64_t n_row_blocks;
  int64_t n_column_ranges;
};

/// The grid of `n_pieces` whose pieces take least time.
Grid best_grid(const OrientedProduct& p, const TileKernel& kernel, int64_t n_pieces) {
  const int64_t n_tiles = ceil_div(p.n_rows, kernel.max_rows);
  const int64_t n_panels = ceil_div(p.n_columns, kernel.max_columns);
  Grid best{1, 1};
  int64_t least = piece_cost(p, p.n_rows, p.n_columns);
  for (int64_t n_row_blocks = 1; n_row_blocks <= n_pieces; ++n_row_blocks) {
    if (n_pieces % n_row_blocks != 0) continue;
    const Grid grid{std::min(n_row_blocks, n_tiles), std::min(n_pieces / n_row_blocks, n_panels)};
    const int64_t n_columns = ceil_div(n_panels, grid.n_column_ranges) * kernel.max_columns;
    const int64_t cost = piece_cost(p, ceil_div(p.n_rows, grid.n_row_blocks), n_columns);
    if (cost >= least) continue;
    least = cost;
    best = grid;
  }
  return best;
}

}  // namespace

TileKernel tile_kernel_for([[maybe_unused]] int64_t n_rows, [[maybe_unused]] int64_t n_columns) {
#if defined(__x86_64__)
  if (uses_avx512(cpu_path())) return avx512_tile_kernel();
  if (uses_avx2(cpu_path())) return avx2_tile_kernel(n_rows, n_columns);
#endif
  return portable_tile_kernel();
}

ProductPlan::ProductPlan(const MatrixProduct& product, int n_threads)
    : product_(oriented(product)),
      kernel_(tile_kernel_for(product_.n_rows, product_.n_columns)),
      n_panels_(ceil_div(product_.n_columns, kernel_.max_columns)) {
  const Grid grid = best_grid(product_, kernel_, wanted_pieces(product_, n_threads));
  n_column_ranges_ = grid.n_column_ranges;
  const int64_t fewest = ceil_div(product_.n_rows, kRegionBlocks * kernel_.max_block_rows);
  n_row_blocks_ = grid.n_row_blocks * ceil_div(fewest, grid.n_row_blocks);
}

Region ProductPlan::region(int64_t row_block, int64_t first_range, int64_t end_range) const {
  const auto column_of = [this](int64_t range) {
    const int64_t panel = range * n_panels_ / n_column_ranges_;
    return std::min(panel * kernel_.max_columns, product_.n_columns);
  };
  return {row_block * product_.n_rows / n_row_blocks_,
          (row_block + 1) * product_.n_rows / n_row_blocks_, column_of(first_range),
          column_of(end_range)};
}

}  // namespace reprotrain::kernels
