// SPDX-License-Identifier: Apache-2.0
// The end of a tile number by number: rims, and tiles that are written the other way round.
#pragma once

#include "kernels/matmul/tile_kernel.h"

namespace reprotrain::kernels {

/// The last additions of a tile (n_rows, n_columns), and its way to C.
inline void fold_tile(const TileTask& task, const float* tile, int64_t tile_stride) {
  const bool turned = task.is_turned;
  const int n_lines = turned ? task.n_columns : task.n_rows;
  const int length = turned ? task.n_rows : task.n_columns;
  const int64_t line_stride = turned ? task.c_column_stride : task.c_row_stride;
  for (int line = 0; line < n_lines; ++line) {
    float* c = task.c + line * line_stride;
    for (int i = 0; i < length; ++i) {
      float value = turned ? tile[i * tile_stride + line] : tile[line * tile_stride + i];
      if (task.folds) value = c[i] + value;
      if (task.bias != nullptr) value = value + task.bias[i];
      c[i] = value;
    }
  }
}

}  // namespace reprotrain::kernels
