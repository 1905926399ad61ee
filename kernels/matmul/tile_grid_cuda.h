// SPDX-License-Identifier: Apache-2.0
// Which tile of C a block computes. A grid of one dimension, so that no count is limited to 65535.
#pragma once

#include <cstdint>

#include "kernels/base/cuda_launch.h"

namespace reprotrain::kernels {

/// Counts whose product fits int.
struct TileGrid {
  int n_row_tiles = 0;
  int n_column_tiles = 0;
};

/// Blocks 0 ... n_row_tiles * n_column_tiles - 1 visit 8 tile rows at a time, column by column: the
/// blocks under way at one time then share rows of A and columns of B in the second-level cache.
struct TilePlace {
  int row_tile;
  int column_tile;
  int split;  ///< the next so many blocks have split 1, and so on

  __device__ explicit TilePlace(const TileGrid& grid) {
    constexpr int kRowsAtATime = 8;
    const int n_tiles = grid.n_row_tiles * grid.n_column_tiles;
    const int block = static_cast<int>(blockIdx.x);
    split = block / n_tiles;
    const int tile = block - split * n_tiles;
    const int64_t tiles_of_band = int64_t{kRowsAtATime} * grid.n_column_tiles;
    const int band = static_cast<int>(tile / tiles_of_band);
    const int in_band = static_cast<int>(tile - band * tiles_of_band);
    const int height = min(kRowsAtATime, grid.n_row_tiles - band * kRowsAtATime);
    row_tile = band * kRowsAtATime + in_band % height;
    column_tile = in_band / height;
  }
};

}  // namespace reprotrain::kernels
