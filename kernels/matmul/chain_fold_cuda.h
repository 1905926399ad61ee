// SPDX-License-Identifier: Apache-2.0
// How the finished chains of a thread leave its registers: C = s, then C = C + s, then C = C + bias,
// and at last the epilogue.
//
// A thread meets only what it wrote itself, so chains need neither a barrier nor a second set of
// registers. 128 KiB of traffic for the 2^24 fmas of a tile of 128 x 128. The epilogue reads C again,
// from the L2 cache, because by then the registers of the sums are free.
#pragma once

#include <cstdint>

#include "kernels/matmul/epilogue_cuda.h"
#include "kernels/matmul/thread_tile_cuda.h"

namespace reprotrain::kernels {

/// Where chains go and what happens to them there.
struct ChainTarget {
  float* data = nullptr;  ///< the first element of the block's tile
  int64_t stride = 0;
  int n_rows = 0;  ///< of the tile that exist
  int n_columns = 0;
  bool is_aligned = false;
  bool is_first = true;         ///< C = s, else C = C + s
  const float* bias = nullptr;  ///< of the tile's first column; set with the last chain only
};

/// C = C + s and C = C + bias, of `n` neighbours that are read and written together.
template <int n>
__device__ __forceinline__ void fold_group(const ChainTarget& target, float* c, const float* sums,
                                           int column) {
  float values[n];
  if (!target.is_first) read_group<n>(c, values);
#pragma unroll
  for (int e = 0; e < n; ++e) {
    values[e] = target.is_first ? sums[e] : values[e] + sums[e];
    if (target.bias != nullptr) values[e] = values[e] + target.bias[column + e];
  }
  write_group<n>(values, c);
}

/// Folds a thread's finished chains into C.
template <typename Tile>
__device__ void fold_chains(const ThreadTile<float, Tile>& chains, const ThreadPlace<Tile>& place,
                            const ChainTarget& target) {
  constexpr int kGroup = Tile::kColumnGroup;
  float* row = target.data + place.row_begin * target.stride;
#pragma unroll
  for (int i = 0; i < Tile::kThreadRows; ++i) {
    if (i > 0) row += (place.row(i) - place.row(i - 1)) * target.stride;
    if (place.row(i) >= target.n_rows) continue;
#pragma unroll
    for (int j = 0; j < Tile::kThreadColumns; j += kGroup) {
      const int column = place.column(j);
      if (target.is_aligned && column + kGroup <= target.n_columns) {
        fold_group<kGroup>(target, row + column, chains.sums[i] + j, column);
        continue;
      }
#pragma unroll
      for (int e = 0; e < kGroup; ++e) {
        if (column + e >= target.n_columns) continue;
        float value = chains.sums[i][j + e];
        if (!target.is_first) value = row[column + e] + value;
        if (target.bias != nullptr) value = value + target.bias[column + e];
        row[column + e] = value;
      }
    }
  }
}

/// A simple epilogue for a thread's elements of C, whose chains are all folded. The tile begins at
/// element (tile_row, tile_column) of C.
template <typename Tile>
__device__ void finish_elements(const Epilogue& epilogue, const ThreadPlace<Tile>& place,
                                const ChainTarget& target, int64_t tile_row, int64_t tile_column) {
  constexpr int kGroup = Tile::kColumnGroup;
#pragma unroll 1
  for (int i = 0; i < Tile::kThreadRows; ++i) {
    const int row = place.row(i);
    if (row >= target.n_rows) continue;
#pragma unroll 1
    for (int j = 0; j < Tile::kThreadColumns; j += kGroup) {
      const int column = place.column(j);
      const int n = min(kGroup, target.n_columns - column);
      if (n <= 0) continue;
      float* c = target.data + row * target.stride + column;
      float values[4];
      load_quad(c, 0, n, values);
      finish_quad(epilogue, tile_row + row, tile_column + column, n, values);
      store_quad(c, 0, n, values);
    }
  }
}

}  // namespace reprotrain::kernels
