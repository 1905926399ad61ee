// SPDX-License-Identifier: Apache-2.0
// How a product is cut into pieces for threads and caches. Nothing of this reaches a value.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/matmul/ordered_matmul.h"
#include "kernels/matmul/region.h"
#include "kernels/matmul/tile_kernel.h"

namespace reprotrain::kernels {

/// Element (i, j) is data[i * row_stride + j * column_stride]; one of the strides is 1.
template <typename T>
struct StridedMatrix {
  T* data = nullptr;
  int64_t row_stride = 0;
  int64_t column_stride = 0;

  T* at(int64_t row, int64_t column) const {
    return data + row * row_stride + column * column_stride;
  }
};

/// A product as tiles see it: rows of A are multiplied by vectors along the columns of B. It is the
/// product of the caller, or its transposition C^T = B^T A^T where that wastes fewer lanes or saves
/// the transposed copy of a large factor.
struct OrientedProduct {
  StridedMatrix<const float> a;  ///< (n_rows, depth)
  StridedMatrix<const float> b;  ///< (depth, n_columns)
  StridedMatrix<float> c;        ///< (n_rows, n_columns)
  int64_t n_rows = 0;
  int64_t n_columns = 0;
  int64_t depth = 0;
  const float* bias = nullptr;  ///< along the columns, or the rows of a transposition
  bool is_transposition = false;
  bool a_is_in_cache = false;

  const float* bias_at(int64_t row, int64_t column) const {
    if (bias == nullptr) return nullptr;
    return bias + (is_transposition ? row : column);
  }
};

/// The pieces that threads take: a grid of row blocks, each cut into ranges of columns, both of nearly
/// equal size.
class ProductPlan {
 public:
  ProductPlan(const MatrixProduct& product, int n_threads);

  const OrientedProduct& product() const { return product_; }
  const TileKernel& kernel() const { return kernel_; }
  int64_t n_pieces() const { return n_row_blocks_ * n_column_ranges_; }

  /// Calls `visit(region)` for regions that together are the pieces [begin, end): neighbours in one
  /// row block come as one region.
  template <typename Visit>
  void visit_regions(int64_t begin, int64_t end, const Visit& visit) const {
    while (begin < end) {
      const int64_t block = begin / n_column_ranges_;
      const int64_t first = begin % n_column_ranges_;
      const int64_t count = std::min(end - begin, n_column_ranges_ - first);
      visit(region(block, first, first + count));
      begin += count;
    }
  }

 private:
  Region region(int64_t row_block, int64_t first_range, int64_t end_range) const;

  OrientedProduct product_;
  TileKernel kernel_;
  int64_t n_panels_;
  int64_t n_row_blocks_;
  int64_t n_column_ranges_;
};

}  // namespace reprotrain::kernels
