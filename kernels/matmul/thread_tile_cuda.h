// SPDX-License-Identifier: Apache-2.0
// What the threads of one block keep in registers: a tile of sums, and the words that continue them
// by one k.
#pragma once

#include <cstdint>

#include "kernels/base/cuda_launch.h"
#include "kernels/matmul/panel_loader_cuda.h"

namespace reprotrain::kernels {

/// How a block's tile of C is shared out: warps in a grid, 4 x 8 lanes in a warp, and for each
/// thread kThreadRows x kThreadColumns sums.
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

/// Row and column of a thread's sums within its block's tile.
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

/// Two words that move at once.
template <typename Word>
struct PairOf;
template <>
struct PairOf<float> {
  using Type = float2;
};
template <>
struct PairOf<int32_t> {
  using Type = int2;
};

/// Reads n neighbouring words with one instruction.
template <int n, typename Word>
__device__ __forceinline__ void read_group(const Word* from, Word* to) {
  static_assert(n == 4 || n == 2);
  if constexpr (n == 4) {
    const auto group = *reinterpret_cast<const typename QuadOf<Word>::Type*>(from);
    to[0] = group.x;
    to[1] = group.y;
    to[2] = group.z;
    to[3] = group.w;
  } else {
    const auto group = *reinterpret_cast<const typename PairOf<Word>::Type*>(from);
    to[0] = group.x;
    to[1] = group.y;
  }
}

/// Writes n neighbouring words with one instruction.
template <int n, typename Word>
__device__ __forceinline__ void write_group(const Word* from, Word* to) {
  static_assert(n == 4 || n == 2);
  if constexpr (n == 4) {
    *reinterpret_cast<typename QuadOf<Word>::Type*>(to) = {from[0], from[1], from[2], from[3]};
  } else {
    *reinterpret_cast<typename PairOf<Word>::Type*>(to) = {from[0], from[1]};
  }
}

/// The sums of one thread, and the words of two neighbouring k: those of k + 1 are on their way from
/// shared memory while those of k are multiplied. `Step` is the operation: sum = step(a, b, sum).
template <typename Word, typename Tile>
struct ThreadTile {
  Word sums[Tile::kThreadRows][Tile::kThreadColumns];
  Word a[2][Tile::kThreadRows];
  Word b[2][Tile::kThreadColumns];

  __device__ void start() {
#pragma unroll
    for (int i = 0; i < Tile::kThreadRows; ++i) {
#pragma unroll
      for (int j = 0; j < Tile::kThreadColumns; ++j) sums[i][j] = Word{0};
    }
  }

  /// Brings the words of one k of two panels; those of k - 2 are gone.
  template <typename LoaderA, typename LoaderB>
  __device__ __forceinline__ void read(const ThreadPlace<Tile>& place, const Word* panel_a,
                                       const Word* panel_b, int k) {
#pragma unroll
    for (int i = 0; i < Tile::kThreadRows; i += Tile::kRowGroup) {
      read_group<Tile::kRowGroup>(panel_a + LoaderA::offset_of(k, place.row(i)), a[k % 2] + i);
    }
#pragma unroll
    for (int j = 0; j < Tile::kThreadColumns; j += Tile::kColumnGroup) {
      read_group<Tile::kColumnGroup>(panel_b + LoaderB::offset_of(k, place.column(j)),
                                     b[k % 2] + j);
    }
  }

  /// Continues every sum by the term of one k.
  template <typename Step>
  __device__ __forceinline__ void multiply(int k, const Step& step) {
#pragma unroll
    for (int i = 0; i < Tile::kThreadRows; ++i) {
#pragma unroll
      for (int j = 0; j < Tile::kThreadColumns; ++j) {
        sums[i][j] = step(a[k % 2][i], b[k % 2][j], sums[i][j]);
      }
    }
  }
};

}  // namespace reprotrain::kernels
