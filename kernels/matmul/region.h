// SPDX-License-Identifier: Apache-2.0
// A part of a matrix: neighbouring rows and columns.
#pragma once

#include <cstdint>

namespace reprotrain::kernels {

/// Rows [row_begin, row_end) and columns [column_begin, column_end) of C.
struct Region {
  int64_t row_begin = 0;
  int64_t row_end = 0;
  int64_t column_begin = 0;
  int64_t column_end = 0;

  int64_t n_rows() const { return row_end - row_begin; }
  int64_t n_columns() const { return column_end - column_begin; }
};

}  // namespace reprotrain::kernels
