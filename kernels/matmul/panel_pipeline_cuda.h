// SPDX-License-Identifier: Apache-2.0
// Two panels of each operand in shared memory: one is multiplied while the next one is on its way.
#pragma once

#include "kernels/matmul/thread_tile_cuda.h"

namespace reprotrain::kernels {

template <typename Word, typename Tile, bool kAcrossA, bool kAcrossB>
struct PanelPipeline {
  using LoaderA = PanelLoader<Word, kAcrossA, Tile::kRows, Tile::kDepth, Tile::kThreads>;
  using LoaderB = PanelLoader<Word, kAcrossB, Tile::kColumns, Tile::kDepth, Tile::kThreads>;
  using PanelsA = Word[2][LoaderA::kSize];
  using PanelsB = Word[2][LoaderB::kSize];

  LoaderA load_a;
  LoaderB load_b;
  PanelsA& panels_a;
  PanelsB& panels_b;
  int n_panels;
  int next = 0;  ///< the panel that is multiplied next; it is in place

  /// Brings the first panels. Every thread of the block takes part in this and in advance().
  __device__ void start() {
    load_a.fetch(0, panels_a[0]);
    load_b.fetch(0, panels_b[0]);
    commit_async_copies();
    load_a.store(panels_a[0]);
    load_b.store(panels_b[0]);
    wait_for_async_copies<0>();
    __syncthreads();
  }

  /// Continues the sums of `tile` by the panels before number `end`.
  template <typename Step>
  __device__ void advance(int end, const ThreadPlace<Tile>& place, ThreadTile<Word, Tile>& tile,
                          const Step& step) {
    for (; next < end; ++next) {
      const int now = next % 2;
      const bool has_next = next + 1 < n_panels;
      if (has_next) {
        load_a.fetch(next + 1, panels_a[1 - now]);
        load_b.fetch(next + 1, panels_b[1 - now]);
        commit_async_copies();
      }
      tile.template multiply<LoaderA, LoaderB>(place, panels_a[now], panels_b[now], step);
      if (has_next) {
        load_a.store(panels_a[1 - now]);
        load_b.store(panels_b[1 - now]);
        wait_for_async_copies<0>();
      }
      __syncthreads();
    }
  }
};

}  // namespace reprotrain::kernels
