// SPDX-License-Identifier: Apache-2.0
// Non-owning views of row-major matrices. Kernels never own memory.
#pragma once

#include <cassert>
#include <cstdint>

#include "kernels/base/hd.h"

namespace reprotrain::kernels {

/// `n_rows` x `n_columns` elements; row r starts at `data + r * row_stride`.
template <typename T>
struct BasicMatrixView {
  T* data = nullptr;
  int64_t n_rows = 0;
  int64_t n_columns = 0;
  int64_t row_stride = 0;

  RPT_HD T& operator()(int64_t row, int64_t column) const {
    return data[row * row_stride + column];
  }
  RPT_HD T* row(int64_t index) const { return data + index * row_stride; }
  RPT_HD operator BasicMatrixView<const T>() const { return {data, n_rows, n_columns, row_stride}; }
};

using MatrixView = BasicMatrixView<float>;
using ConstMatrixView = BasicMatrixView<const float>;

/// A dense matrix: rows follow one another without a gap.
template <typename T>
RPT_HD BasicMatrixView<T> dense_view(T* data, int64_t n_rows, int64_t n_columns) {
  return {data, n_rows, n_columns, n_columns};
}

}  // namespace reprotrain::kernels
