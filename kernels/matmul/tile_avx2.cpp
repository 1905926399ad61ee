// SPDX-License-Identifier: Apache-2.0
// Tiles of up to 6x16 in 12 of the 16 AVX registers; two more hold a row of B.
#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <utility>

#include "kernels/matmul/tile_kernel.h"
#include "kernels/matmul/transpose_avx2.h"

#define RPT_AVX2 __attribute__((target("avx2,fma")))

namespace reprotrain::kernels {

namespace {

constexpr int kRows = 6;
constexpr int kLanes = 8;
constexpr int kVectors = 2;
constexpr int kColumns = kVectors * kLanes;

RPT_AVX2 inline __m256 folded(__m256 sum, const float* c, const float* bias, bool first_block) {
  if (!first_block) sum = _mm256_add_ps(_mm256_loadu_ps(c), sum);
  if (bias != nullptr) sum = _mm256_add_ps(sum, _mm256_loadu_ps(bias));
  return sum;
}

/// A vector that reaches over the rim of C: the same additions, one number at a time.
RPT_AVX2 inline void fold_rim(__m256 sum, float* c, const float* bias, bool first_block, int n) {
  float sums[kLanes];
  _mm256_storeu_ps(sums, sum);
  for (int i = 0; i < n; ++i) {
    float value = sums[i];
    if (!first_block) value = c[i] + value;
    if (bias != nullptr) value = value + bias[i];
    c[i] = value;
  }
}

/// `kAdjacent`: the rows of A lie next to one another (a_row_stride 1), so that their offsets are
/// constants of the loop; otherwise a_depth_stride is 1.
template <int kTileRows, int kTileVectors, bool kAdjacent>
RPT_AVX2 void run_tile(const TileTask& task) {
  __m256 sums[kTileRows][kTileVectors];
  RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
    RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) sums[row][v] = _mm256_setzero_ps();
  }
  // Every third row has a pointer; the two after it are reached by scaled indices.
  constexpr int kGroups = (kTileRows + 2) / 3;
  const int64_t stride = kAdjacent ? 1 : task.a_row_stride;
  const int64_t step = kAdjacent ? task.a_depth_stride : 1;
  const float* a[kGroups];
  RPT_UNROLL for (int group = 0; group < kGroups; ++group) a[group] = task.a + 3 * group * stride;
  const float* b = task.b;
  for (int64_t k = 0; k < task.depth; ++k) {
    __m256 b_row[kTileVectors];
    RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) b_row[v] = _mm256_loadu_ps(b + v * kLanes);
    RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
      const __m256 factor = _mm256_broadcast_ss(a[row / 3] + (row % 3) * stride);
      RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) {
        sums[row][v] = _mm256_fmadd_ps(factor, b_row[v], sums[row][v]);
      }
    }
    b += task.b_depth_stride;
    RPT_UNROLL for (int group = 0; group < kGroups; ++group) a[group] += step;
  }
  RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) {
    const int n = task.n_columns - v * kLanes;
    const float* bias = task.bias == nullptr ? nullptr : task.bias + v * kLanes;
    RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
      float* c = task.c + row * task.c_row_stride + v * kLanes;
      if (n >= kLanes) {
        _mm256_storeu_ps(c, folded(sums[row][v], c, bias, task.first_block));
      } else {
        fold_rim(sums[row][v], c, bias, task.first_block, n);
      }
    }
  }
}

using Run = void (*)(const TileTask&);

/// [n_rows - 1][n_vectors - 1][rows adjacent]
template <size_t... kIndex>
constexpr std::array<std::array<std::array<Run, 2>, kVectors>, kRows> make_table(
    std::index_sequence<kIndex...>) {
  return {{{{{run_tile<kIndex + 1, 1, false>, run_tile<kIndex + 1, 1, true>},
             {run_tile<kIndex + 1, 2, false>, run_tile<kIndex + 1, 2, true>}}}...}};
}

void run(const TileTask& task) {
  static constexpr auto kTable = make_table(std::make_index_sequence<kRows>());
  const size_t vectors = task.n_columns > kLanes ? 1 : 0;
  kTable[static_cast<size_t>(task.n_rows - 1)][vectors][task.a_row_stride == 1 ? 1 : 0](task);
}

}  // namespace

TileKernel avx2_tile_kernel() { return {kRows, kColumns, false, run, pack_transposed_avx2}; }

}  // namespace reprotrain::kernels

#endif  // defined(__x86_64__)
