// SPDX-License-Identifier: Apache-2.0
// Tiles in plain C++: the reference of the other paths, and the fast path of machines whose
// compiler target has a vector fma (aarch64).
#include <algorithm>
#include <cstring>
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "kernels/base/exact_fma.h"
#include "kernels/matmul/tile_kernel.h"
#include "kernels/matmul/tile_rim.h"

namespace reprotrain::kernels {

namespace {

constexpr int kRows = 4;
constexpr int kColumns = 16;

constexpr int kLanes = 4;
constexpr int kVectors = kColumns / kLanes;
typedef float Floats __attribute__((vector_size(16)));

RPT_INLINE Floats load(const float* address) {
  Floats vector;
  memcpy(&vector, address, sizeof vector);
  return vector;
}

/// exact_fma of each lane.
#if defined(__aarch64__)
RPT_INLINE Floats fused(Floats a, Floats b, Floats c) { return vfmaq_f32(c, a, b); }
#else
typedef float HalfFloats __attribute__((vector_size(8)));
typedef double Doubles __attribute__((vector_size(16)));
typedef int64_t Longs __attribute__((vector_size(16)));

template <int kHalf>
RPT_INLINE Doubles widened(Floats vector) {
  HalfFloats half;
  memcpy(&half, reinterpret_cast<const char*>(&vector) + kHalf * sizeof half, sizeof half);
  return __builtin_convertvector(half, Doubles);
}

RPT_INLINE Floats fused(Floats a, Floats b, Floats c) {
  const HalfFloats halves[2] = {
      __builtin_convertvector(
          (fused_to_odd<Doubles, Longs>(widened<0>(a), widened<0>(b), widened<0>(c))), HalfFloats),
      __builtin_convertvector(
          (fused_to_odd<Doubles, Longs>(widened<1>(a), widened<1>(b), widened<1>(c))), HalfFloats)};
  Floats result;
  memcpy(&result, halves, sizeof result);
  return result;
}
#endif

template <int kTileRows>
void run_tile(const TileTask& task) {
  float tile[kTileRows][kColumns] = {};
  if (task.start != nullptr) {
    for (int row = 0; row < kTileRows; ++row) {
      std::copy_n(task.start + row * task.start_row_stride, task.n_columns, tile[row]);
    }
  }
  Floats sums[kTileRows][kVectors];
  memcpy(sums, tile, sizeof sums);
  for (int64_t k = 0; k < task.depth; ++k) {
    const float* b = task.b + k * task.b_depth_stride;
    const float* a = task.a + k * task.a_depth_stride;
    Floats b_row[kVectors];
    RPT_UNROLL for (int v = 0; v < kVectors; ++v) b_row[v] = load(b + v * kLanes);
    RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
      const float factor = a[row * task.a_row_stride];
      const Floats factors = {factor, factor, factor, factor};
      RPT_UNROLL for (int v = 0; v < kVectors; ++v) {
        sums[row][v] = fused(factors, b_row[v], sums[row][v]);
      }
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
