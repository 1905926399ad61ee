// SPDX-License-Identifier: Apache-2.0
// Tiles in plain C++: the reference of the other paths, and the fast path of machines whose
// compiler target has a vector fma (aarch64).
#include "kernels/base/exact_fma.h"
#include "kernels/matmul/ordered_matmul.h"
#include "kernels/matmul/tile_kernel.h"

namespace reprotrain::kernels {

namespace {

constexpr int kRows = 4;
constexpr int kColumns = 16;

template <int kTileRows>
void run_rows(const TileTask& task) {
  float sums[kTileRows][kColumns] = {};
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
  for (int row = 0; row < kTileRows; ++row) {
    float* c = task.c + row * task.c_row_stride;
    for (int column = 0; column < task.n_columns; ++column) {
      float value = sums[row][column];
      if (!task.first_block) value = c[column] + value;
      if (task.bias != nullptr) value = value + task.bias[column];
      c[column] = value;
    }
  }
}

void run(const TileTask& task) {
  switch (task.n_rows) {
    case 1:
      return run_rows<1>(task);
    case 2:
      return run_rows<2>(task);
    case 3:
      return run_rows<3>(task);
    default:
      return run_rows<kRows>(task);
  }
}

void pack_transposed(const TransposedPanel& panel) {
  for (int j = 0; j < panel.width; ++j) {
    const float* source = panel.source + j * panel.source_stride;
    for (int64_t k = 0; k < panel.depth; ++k) panel.target[k * panel.target_stride + j] = source[k];
  }
}

}  // namespace

TileKernel portable_tile_kernel() { return {kRows, kColumns, false, run, pack_transposed}; }

}  // namespace reprotrain::kernels
