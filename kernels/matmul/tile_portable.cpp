// SPDX-License-Identifier: Apache-2.0
// Tiles of fused_row.h, in SSE2 or NEON, which every machine has: the reference of the other paths,
// and the fast path of aarch64.
#include <algorithm>
#include <cstring>

#include "kernels/matmul/fused_row.h"
#include "kernels/matmul/tile_kernel.h"
#include "kernels/matmul/tile_rim.h"

namespace reprotrain::kernels {

namespace {

constexpr int kRows = 4;
constexpr int kColumns = 16;
constexpr int kVectors = kColumns / FusedRow<1>::kLanes;
using Row = FusedRow<kVectors>;

template <int kTileRows>
void run_tile(const TileTask& task) {
  float tile[kTileRows][kColumns] = {};
  if (task.start != nullptr) {
    for (int row = 0; row < kTileRows; ++row) {
      std::copy_n(task.start + row * task.start_row_stride, task.n_columns, tile[row]);
    }
  }
  Row::Floats sums[kTileRows][kVectors];
  memcpy(sums, tile, sizeof sums);
  for (int64_t k = 0; k < task.depth; ++k) {
    const Row b(task.b + k * task.b_depth_stride);
    const float* a =
        task.a + (task.a_offsets != nullptr ? task.a_offsets[k] : k * task.a_depth_stride);
    RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
      b.add_times(a[row * task.a_row_stride], sums[row]);
    }
  }
  memcpy(tile, sums, sizeof sums);
  fold_tile(task, tile[0], kColumns);
}

template <int kTileRows>
void run_tiles(TileTask panel) {
  for (int64_t i = 0; i < panel.n_panels; ++i, panel.advance_panel()) {
    TileTask task = panel;
    for (int64_t tile = 0; tile < task.n_tiles; ++tile, task.advance()) run_tile<kTileRows>(task);
  }
}

void run(const TileTask& task) {
  switch (task.n_rows) {
    case 1:
      return run_tiles<1>(task);
    case 2:
      return run_tiles<2>(task);
    case 3:
      return run_tiles<3>(task);
    default:
      return run_tiles<kRows>(task);
  }
}

void pack(const PackTask& task) {
  for (int64_t k = 0; k < task.depth; ++k) {
    const float* source = task.source + k * task.depth_stride;
    float* target = task.target + k * task.target_stride;
    for (int j = 0; j < task.width; ++j) target[j] = source[j * task.width_stride];
    std::fill(target + task.width, target + task.target_stride, 0.0f);
  }
}

}  // namespace

TileKernel portable_tile_kernel() { return {kRows, kColumns, 320, 240, false, run, pack}; }

}  // namespace reprotrain::kernels
