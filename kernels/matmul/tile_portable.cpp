// SPDX-License-Identifier: Apache-2.0
// Tiles in plain C++: the reference of the other paths, and the fast path of machines whose
// compiler target has a vector fma (aarch64).
#include <algorithm>

#include "kernels/base/exact_fma.h"
#include "kernels/matmul/tile_kernel.h"
#include "kernels/matmul/tile_rim.h"

namespace reprotrain::kernels {

namespace {

constexpr int kRows = 4;
constexpr int kColumns = 16;

template <int kTileRows>
void run_tile(const TileTask& task) {
  float sums[kTileRows][kColumns] = {};
  if (task.start != nullptr) {
    for (int row = 0; row < kTileRows; ++row) {
      std::copy_n(task.start + row * task.start_row_stride, task.n_columns, sums[row]);
    }
  }
  for (int64_t k = 0; k < task.depth; ++k) {
    const float* b = task.b + k * task.b_depth_stride;
    const float* a = task.a + k * task.a_depth_stride;
    for (int row = 0; row < kTileRows; ++row) {
      const float factor = a[row * task.a_row_stride];
      for (int column = 0; column < kColumns; ++column) {
        sums[row][column] = exact_fma(factor, b[column], sums[row][column]);
      }
    }
  }
  fold_tile(task, sums[0], kColumns);
}

template <int kTileRows>
void run_tiles(TileTask task) {
  for (int64_t tile = 0; tile < task.n_tiles; ++tile, task.advance()) run_tile<kTileRows>(task);
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
