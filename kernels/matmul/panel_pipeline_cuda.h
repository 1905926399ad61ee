// SPDX-License-Identifier: Apache-2.0
// Two panels of each operand in shared memory: one is multiplied while the next one is on its way.
//
// Where a block has its multiprocessor to itself, the last k of a panel is multiplied after the
// barrier that makes the next panel readable: its words are in registers by then, and those of the
// next panel come meanwhile. Several blocks fill each other's waits, and need the registers.
#pragma once

#include "kernels/matmul/thread_tile_cuda.h"

namespace reprotrain::kernels {

template <typename Word, typename Tile, bool kAcrossA, bool kAcrossB>
struct PanelPipeline {
  using LoaderA = PanelLoader<Word, kAcrossA, Tile::kRows, Tile::kDepth, Tile::kThreads>;
  using LoaderB = PanelLoader<Word, kAcrossB, Tile::kColumns, Tile::kDepth, Tile::kThreads>;
  static constexpr int kSizeOfPair = LoaderA::kSize + LoaderB::kSize;
  using Panels = Word[2 * kSizeOfPair];

  LoaderA load_a;
  LoaderB load_b;
  Panels& panels;  ///< twice a panel of A, then one of B
  int n_panels;
  int next = 0;       ///< the panel that is multiplied next; it is in place
  int next_pair = 0;  ///< where it begins in `panels`

  /// Brings the first panels. Every thread of the block takes part in this and in advance().
  __device__ void start() {
    fetch(0, 0);
    finish(0);
    __syncthreads();
  }

  /// Continues the sums of `tile` by the panels before number `end`, one at least. Nothing but the
  /// sums outlives this.
  template <typename Step>
  __device__ void advance(int end, const ThreadPlace<Tile>& place, ThreadTile<Word, Tile>& tile,
                          const Step& step) {
    if constexpr (kReadsAhead) read(place, 0, tile);
    for (; next < end; ++next) {
      const bool has_next = next + 1 < n_panels;
      if (has_next) fetch(next + 1, kSizeOfPair - next_pair);
      if constexpr (!kReadsAhead) read(place, 0, tile);
#pragma unroll
      for (int k = 0; k + 1 < Tile::kDepth; ++k) {
        read(place, k + 1, tile);
        tile.multiply(k, step);
      }
      if constexpr (!kReadsAhead) tile.multiply(Tile::kDepth - 1, step);
      if (has_next) finish(kSizeOfPair - next_pair);
      __syncthreads();
      next_pair = kSizeOfPair - next_pair;
      if constexpr (kReadsAhead) {
        if (next + 1 < end) read(place, 0, tile);
        tile.multiply(Tile::kDepth - 1, step);
      }
    }
  }

 private:
  static constexpr bool kReadsAhead = Tile::kBlocksPerMultiprocessor == 1;
  static_assert(Tile::kDepth % 2 == 0, "the words of a panel's first k replace those of another k");

  __device__ void fetch(int index, int pair) {
    load_a.fetch(index, panels + pair);
    load_b.fetch(index, panels + pair + LoaderA::kSize);
    commit_async_copies();
  }

  __device__ void finish(int pair) const {
    load_a.store(panels + pair);
    load_b.store(panels + pair + LoaderA::kSize);
    wait_for_async_copies<0>();
  }

  __device__ void read(const ThreadPlace<Tile>& place, int k, ThreadTile<Word, Tile>& tile) const {
    const Word* pair = panels + next_pair;
    tile.template read<LoaderA, LoaderB>(place, pair, pair + LoaderA::kSize, k);
  }
};

}  // namespace reprotrain::kernels
