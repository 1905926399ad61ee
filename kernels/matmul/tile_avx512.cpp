// SPDX-License-Identifier: Apache-2.0
// Tiles of up to 12x32 in 24 of the 32 AVX-512 registers; two more hold a row of B.
#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <utility>

#include "kernels/matmul/tile_kernel.h"
#include "kernels/matmul/transpose_avx2.h"

#define RPT_AVX512 __attribute__((target("avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")))

namespace reprotrain::kernels {

namespace {

constexpr int kRows = 12;
constexpr int kLanes = 16;
constexpr int kVectors = 2;
constexpr int kColumns = kVectors * kLanes;

/// `kAdjacent`: the rows of A lie next to one another (a_row_stride 1), so that their offsets are
/// constants of the loop; otherwise a_depth_stride is 1.
template <int kTileRows, int kTileVectors, bool kAdjacent>
RPT_AVX512 void run_tile(const TileTask& task) {
  const int rim = task.n_columns - (kTileVectors - 1) * kLanes;
  const __mmask16 last = static_cast<__mmask16>((1u << rim) - 1u);
  __m512 sums[kTileRows][kTileVectors];
  RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
    RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) sums[row][v] = _mm512_setzero_ps();
  }
  // Every third row has a pointer; the two after it are reached by scaled indices.
  constexpr int kGroups = (kTileRows + 2) / 3;
  const int64_t stride = kAdjacent ? 1 : task.a_row_stride;
  const int64_t step = kAdjacent ? task.a_depth_stride : 1;
  const float* a[kGroups];
  RPT_UNROLL for (int group = 0; group < kGroups; ++group) a[group] = task.a + 3 * group * stride;
  const float* b = task.b;
  for (int64_t k = 0; k < task.depth; ++k) {
    __m512 b_row[kTileVectors];
    RPT_UNROLL for (int v = 0; v + 1 < kTileVectors; ++v) b_row[v] =
        _mm512_loadu_ps(b + v * kLanes);
    b_row[kTileVectors - 1] = _mm512_maskz_loadu_ps(last, b + (kTileVectors - 1) * kLanes);
    RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
      const __m512 factor = _mm512_set1_ps(a[row / 3][(row % 3) * stride]);
      RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) {
        sums[row][v] = _mm512_fmadd_ps(factor, b_row[v], sums[row][v]);
      }
    }
    b += task.b_depth_stride;
    RPT_UNROLL for (int group = 0; group < kGroups; ++group) a[group] += step;
  }
  RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) {
    const __mmask16 mask = v + 1 == kTileVectors ? last : static_cast<__mmask16>(0xffff);
    const __m512 bias = task.bias == nullptr ? _mm512_setzero_ps()
                                             : _mm512_maskz_loadu_ps(mask, task.bias + v * kLanes);
    RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
      float* c = task.c + row * task.c_row_stride + v * kLanes;
      __m512 value = sums[row][v];
      if (!task.first_block) value = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, c), value);
      if (task.bias != nullptr) value = _mm512_add_ps(value, bias);
      _mm512_mask_storeu_ps(c, mask, value);
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

TileKernel avx512_tile_kernel() { return {kRows, kColumns, true, run, pack_transposed_avx2}; }

}  // namespace reprotrain::kernels

#endif  // defined(__x86_64__)
