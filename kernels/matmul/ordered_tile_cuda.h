// SPDX-License-Identifier: Apache-2.0
// What the threads of one block keep in registers: a tile of chains, the numbers that continue them
// by one k, and how finished chains leave.
#pragma once

#include <cstdint>

#include "kernels/base/cuda_launch.h"
#include "kernels/base/exact_fma.h"

namespace reprotrain::kernels {

/// How a block's tile of C is shared out: warps in a grid, 4 x 8 lanes in a warp, and for each
/// thread kThreadRows x kThreadColumns chains.
template <int kRows_, int kColumns_, int kDepth_, int kThreadRows_, int kThreadColumns_,
          int kBlocks_>
struct TileShape {
  static constexpr int kRows = kRows_;
  static constexpr int kColumns = kColumns_;
  static constexpr int kDepth = kDepth_;  ///< of one panel in shared memory
  static constexpr int kThreadRows = kThreadRows_;
  static constexpr int kThreadColumns = kThreadColumns_;
  static constexpr int kBlocksPerMultiprocessor = kBlocks_;
  // A thread's rows come in groups that one shared-memory load brings; the groups of a warp's
  // lanes interleave, so that a load of the warp reads consecutive numbers.
  static constexpr int kRowGroup = kThreadRows < 4 ? kThreadRows : 4;
  static constexpr int kColumnGroup = kThreadColumns < 4 ? kThreadColumns : 4;
  static constexpr int kLaneRows = 4;
  static constexpr int kLaneColumns = 8;
  static constexpr int kWarpColumns = kColumns / (kLaneColumns * kThreadColumns);
  static constexpr int kThreads = kRows * kColumns / (kThreadRows * kThreadColumns);
  static_assert(kThreads % 32 == 0 && kThreadRows % kRowGroup == 0);
};

/// Row and column of a thread's chains within its block's tile.
template <typename Tile>
struct ThreadPlace {
  int row_begin;
  int column_begin;

  __device__ ThreadPlace() {
    const int thread = static_cast<int>(threadIdx.x);
    const int warp = thread / 32;
    const int lane = thread % 32;
    // Lanes 2i and 2i + 1 share columns, lanes i and i + 2 share rows: two halves of a warp's
    // 16-byte load then meet the same words and are served together.
    const int lane_row = lane / 16 * 2 + lane % 2;
    const int lane_column = lane / 2 % 8;
    row_begin = warp / Tile::kWarpColumns * (Tile::kLaneRows * Tile::kThreadRows) +
                lane_row * Tile::kRowGroup;
    column_begin = warp % Tile::kWarpColumns * (Tile::kLaneColumns * Tile::kThreadColumns) +
                   lane_column * Tile::kColumnGroup;
  }

  __device__ int row(int i) const {
    return row_begin + i / Tile::kRowGroup * (Tile::kLaneRows * Tile::kRowGroup) +
           i % Tile::kRowGroup;
  }
  __device__ int column(int j) const {
    return column_begin + j / Tile::kColumnGroup * (Tile::kLaneColumns * Tile::kColumnGroup) +
           j % Tile::kColumnGroup;
  }
};

/// Reads n neighbouring numbers with one instruction.
template <int n>
__device__ __forceinline__ void read_group(const float* from, float* to) {
  static_assert(n == 4 || n == 2);
  if constexpr (n == 4) {
    const float4 group = *reinterpret_cast<const float4*>(from);
    to[0] = group.x;
    to[1] = group.y;
    to[2] = group.z;
    to[3] = group.w;
  } else {
    const float2 group = *reinterpret_cast<const float2*>(from);
    to[0] = group.x;
    to[1] = group.y;
  }
}

/// The chains of one thread.
template <typename Tile>
struct ThreadChains {
  float sums[Tile::kThreadRows][Tile::kThreadColumns];

  __device__ void start() {
#pragma unroll
    for (int i = 0; i < Tile::kThreadRows; ++i) {
#pragma unroll
      for (int j = 0; j < Tile::kThreadColumns; ++j) sums[i][j] = 0.0f;
    }
  }

  /// Continues every chain by the kDepth terms of two panels, in ascending k. The numbers of k + 1
  /// are on their way from shared memory while those of k are multiplied.
  template <typename LoaderA, typename LoaderB>
  __device__ void multiply(const ThreadPlace<Tile>& place, const float* panel_a,
                           const float* panel_b) {
    float a[2][Tile::kThreadRows];
    float b[2][Tile::kThreadColumns];
    read<LoaderA, LoaderB>(place, panel_a, panel_b, 0, a[0], b[0]);
#pragma unroll
    for (int k = 0; k < Tile::kDepth; ++k) {
      if (k + 1 < Tile::kDepth) {
        read<LoaderA, LoaderB>(place, panel_a, panel_b, k + 1, a[(k + 1) % 2], b[(k + 1) % 2]);
      }
#pragma unroll
      for (int i = 0; i < Tile::kThreadRows; ++i) {
#pragma unroll
        for (int j = 0; j < Tile::kThreadColumns; ++j) {
          sums[i][j] = exact_fma(a[k % 2][i], b[k % 2][j], sums[i][j]);
        }
      }
    }
  }

 private:
  template <typename LoaderA, typename LoaderB>
  __device__ static void read(const ThreadPlace<Tile>& place, const float* panel_a,
                              const float* panel_b, int k, float* a, float* b) {
#pragma unroll
    for (int i = 0; i < Tile::kThreadRows; i += Tile::kRowGroup) {
      read_group<Tile::kRowGroup>(panel_a + LoaderA::offset_of(k, place.row(i)), a + i);
    }
#pragma unroll
    for (int j = 0; j < Tile::kThreadColumns; j += Tile::kColumnGroup) {
      read_group<Tile::kColumnGroup>(panel_b + LoaderB::offset_of(k, place.column(j)), b + j);
    }
  }
};

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
  if constexpr (n == 4) {
    *reinterpret_cast<float4*>(c) = {values[0], values[1], values[2], values[3]};
  } else {
    *reinterpret_cast<float2*>(c) = {values[0], values[1]};
  }
}

/// Folds a thread's finished chains into C. A thread meets only what it wrote itself, so chains
/// need neither a barrier nor a second set of registers: 128 KiB of traffic for 2^24 fmas.
template <typename Tile>
__device__ void fold_chains(const ThreadChains<Tile>& chains, const ThreadPlace<Tile>& place,
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

}  // namespace reprotrain::kernels
