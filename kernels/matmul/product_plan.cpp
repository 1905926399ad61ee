// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul/product_plan.h"

#include "kernels/base/ceil_div.h"
#include "kernels/base/cpu_path.h"

namespace reprotrain::kernels {

namespace {

/// Least work of a piece (in fma), so that handing it to a thread pays: about 20 us.
constexpr int64_t kPieceWork = int64_t{1} << 20;
/// Row blocks of the kernel that a piece may have; they share the copies of B.
constexpr int64_t kRegionBlocks = 8;
/// Fewest columns for which the rows of A are worth a copy of their own in every piece.
constexpr int64_t kFewColumns = 64;

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
          p.bias};
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
  const int64_t copied = p.n_columns * (p.b.column_stride == 1 ? 1 : 3) + p.n_rows;
  const int64_t turned = p.is_transposition ? p.n_rows * p.n_columns * 16 / p.depth : 0;
  return p.n_rows * packed_width(p.n_columns) + copied + turned;
}

OrientedProduct oriented(const MatrixProduct& product) {
  const OrientedProduct given = as_given(product);
  const OrientedProduct turned = transposed(given);
  return lanes_per_term(turned) < lanes_per_term(given) ? turned : given;
}

TileKernel tile_kernel([[maybe_unused]] const OrientedProduct& product) {
#if defined(__x86_64__)
  if (uses_avx512(cpu_path())) return avx512_tile_kernel();
  if (uses_avx2(cpu_path())) return avx2_tile_kernel(product.n_rows, product.n_columns);
#endif
  return portable_tile_kernel();
}

}  // namespace

ProductPlan::ProductPlan(const MatrixProduct& product)
    : product_(oriented(product)), kernel_(tile_kernel(product_)) {
  int64_t block_rows = std::min(kRegionBlocks * kernel_.max_block_rows, product_.n_rows);
  const int64_t row_work = product_.depth * packed_width(product_.n_columns);
  if (product_.n_columns <= kFewColumns) {
    const int64_t worth_it = ceil_div(ceil_div(kPieceWork, row_work), kernel_.max_rows);
    block_rows = std::min(block_rows, worth_it * kernel_.max_rows);
  }
  n_row_blocks_ = ceil_div(product_.n_rows, block_rows);
  const int64_t panel_work = product_.depth * kernel_.max_columns * block_rows;
  range_columns_ = ceil_div(kPieceWork, panel_work) * kernel_.max_columns;
  n_column_ranges_ = ceil_div(product_.n_columns, range_columns_);
}

Region ProductPlan::region(int64_t row_block, int64_t first_range, int64_t end_range) const {
  // Blocks of nearly equal height.
  return {row_block * product_.n_rows / n_row_blocks_,
          (row_block + 1) * product_.n_rows / n_row_blocks_, first_range * range_columns_,
          std::min(end_range * range_columns_, product_.n_columns)};
}

}  // namespace reprotrain::kernels
