// SPDX-License-Identifier: Apache-2.0
// How the threads of a grid walk over a matrix, four neighbours of a row at a time.
//
// Determinism: neither the grid nor where a quad ends reaches a value of an elementwise formula.
// See also: kernels/base/quad_map_cuda.h for arrays without rows.
#pragma once

#include <cstdint>

#include "kernels/base/ceil_div.h"
#include "kernels/base/cuda_launch.h"

namespace reprotrain::kernels {

/// Quads of a row, the last one perhaps incomplete.
RPT_HD constexpr int64_t quads_of_row(int64_t n_columns) { return ceil_div(n_columns, 4); }

/// Calls `use(row, column, n)` for the quads that fall to this thread: the elements (row, column),
/// ..., (row, column + n - 1), n <= 4.
template <class Use>
__device__ __forceinline__ void for_each_quad_of_rows(int64_t n_rows, int64_t n_columns,
                                                      const Use& use) {
  const int64_t n_quads = quads_of_row(n_columns);
  for (int64_t i = thread_of_grid(); i < n_rows * n_quads; i += threads_of_grid()) {
    const int64_t row = i / n_quads;
    const int64_t column = 4 * (i - row * n_quads);
    use(row, column, static_cast<int>(min(n_columns - column, int64_t{4})));
  }
}

}  // namespace reprotrain::kernels
