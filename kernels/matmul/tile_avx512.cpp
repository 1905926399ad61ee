// SPDX-License-Identifier: Apache-2.0
// Tiles of up to 12x32 in 24 of the 32 AVX-512 registers; two more hold a row of B.
#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <utility>

#include "kernels/matmul/pack_avx2.h"
#include "kernels/matmul/tile_kernel.h"

#define RPT_AVX512 __attribute__((target("avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")))

namespace reprotrain::kernels {

namespace {

constexpr int kRows = 12;
constexpr int kLanes = 16;
constexpr int kVectors = 2;
constexpr int kColumns = kVectors * kLanes;

/// The result is wanted the other way round: its rows are adjacent.
template <int kTileRows, int kTileVectors>
RPT_AVX512 RPT_INLINE void store_columns(const TileTask& task,
                                         const __m512 (&sums)[kTileRows][kTileVectors]) {
  constexpr int kTileColumns = kTileVectors * kLanes;
  alignas(64) float tile[kTileRows][kTileColumns];
  RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
    RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) {
      _mm512_store_ps(tile[row] + v * kLanes, sums[row][v]);
    }
  }
  // One gathered vector holds a column of the tile, which is a row of C.
  const __m512i row_offsets =
      _mm512_mullo_epi32(_mm512_set1_epi32(kTileColumns),
                         _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  const __mmask16 rows = static_cast<__mmask16>((1u << kTileRows) - 1u);
  const __m512 zero = _mm512_setzero_ps();
  const __m512 bias = task.bias == nullptr ? zero : _mm512_maskz_loadu_ps(rows, task.bias);
  for (int column = 0; column < task.n_columns; ++column) {
    float* c = task.c + column * task.c_column_stride;
    __m512 value = _mm512_mask_i32gather_ps(zero, rows, row_offsets, tile[0] + column, 4);
    if (task.folds) value = _mm512_add_ps(_mm512_maskz_loadu_ps(rows, c), value);
    if (task.bias != nullptr) value = _mm512_add_ps(value, bias);
    _mm512_mask_storeu_ps(c, rows, value);
  }
}

template <int kTileRows, int kTileVectors>
RPT_AVX512 RPT_INLINE void store_rows(const TileTask& task,
                                      const __m512 (&sums)[kTileRows][kTileVectors],
                                      __mmask16 last) {
  RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) {
    const __mmask16 mask = v + 1 == kTileVectors ? last : static_cast<__mmask16>(0xffff);
    const __m512 bias = task.bias == nullptr ? _mm512_setzero_ps()
                                             : _mm512_maskz_loadu_ps(mask, task.bias + v * kLanes);
    RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
      float* c = task.c + row * task.c_row_stride + v * kLanes;
      __m512 value = sums[row][v];
      if (task.folds) value = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, c), value);
      if (task.bias != nullptr) value = _mm512_add_ps(value, bias);
      _mm512_mask_storeu_ps(c, mask, value);
    }
  }
}

/// `kAdjacent`: the rows of A lie next to one another (a_row_stride 1), so that their offsets are
/// constants of the loop; otherwise a_depth_stride is 1. `kListed`: where terms lie is listed instead.
template <int kTileRows, int kTileVectors, bool kAdjacent, bool kListed>
RPT_AVX512 RPT_INLINE void run_tile(const TileTask& task) {
  const int rim = task.n_columns - (kTileVectors - 1) * kLanes;
  const __mmask16 last = static_cast<__mmask16>((1u << rim) - 1u);
  __m512 sums[kTileRows][kTileVectors];
  if (task.start == nullptr) {
    RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
      RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) sums[row][v] = _mm512_setzero_ps();
    }
  } else {
    RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
      RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) {
        const __mmask16 mask = v + 1 == kTileVectors ? last : static_cast<__mmask16>(0xffff);
        const float* start = task.start + row * task.start_row_stride + v * kLanes;
        sums[row][v] = _mm512_maskz_loadu_ps(mask, start);
      }
    }
  }
  // Every third row has a pointer; the two after it are reached by scaled indices.
  constexpr int kGroups = kAdjacent ? 1 : (kTileRows + 2) / 3;
  const int64_t stride = task.a_row_stride;
  const int64_t step = kAdjacent ? task.a_depth_stride : 1;
  const float* a[kGroups];
  RPT_UNROLL for (int group = 0; group < kGroups; ++group) a[group] = task.a + 3 * group * stride;
  const float* b = task.b;
  const int64_t* const offsets = task.a_offsets;
  for (int64_t k = 0; k < task.depth; ++k) {
    __m512 b_row[kTileVectors];
    RPT_UNROLL for (int v = 0; v + 1 < kTileVectors; ++v) b_row[v] =
        _mm512_loadu_ps(b + v * kLanes);
    b_row[kTileVectors - 1] = _mm512_maskz_loadu_ps(last, b + (kTileVectors - 1) * kLanes);
    const int64_t listed = kListed ? offsets[k] : 0;
    RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
      const float* place = (kAdjacent ? a[0] : a[row / 3]) + listed;
      const float* element = kAdjacent ? place + row : place + (row % 3) * stride;
      const __m512 factor = _mm512_set1_ps(*element);
      RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) {
        sums[row][v] = _mm512_fmadd_ps(factor, b_row[v], sums[row][v]);
      }
    }
    b += task.b_depth_stride;
    if (!kListed) {
      RPT_UNROLL for (int group = 0; group < kGroups; ++group) a[group] += step;
    }
  }
  if (!task.is_turned) {
    store_rows<kTileRows, kTileVectors>(task, sums, last);
  } else {
    store_columns<kTileRows, kTileVectors>(task, sums);
  }
}

template <int kTileRows, int kTileVectors, bool kAdjacent, bool kListed>
RPT_AVX512 void run_tiles(const TileTask& first) {
  TileTask panel = first;  // not in memory that C might share: its members become registers
  for (int64_t i = 0; i < first.n_panels; ++i, panel.advance_panel()) {
    TileTask task = panel;
    for (int64_t tile = 0; tile < task.n_tiles; ++tile, task.advance()) {
      run_tile<kTileRows, kTileVectors, kAdjacent, kListed>(task);
    }
  }
}

using Run = void (*)(const TileTask&);

/// [(terms listed, rows adjacent)]
template <int kTileRows, int kTileVectors>
constexpr std::array<Run, 4> every_access() {
  return {run_tiles<kTileRows, kTileVectors, false, false>,
          run_tiles<kTileRows, kTileVectors, true, false>,
          run_tiles<kTileRows, kTileVectors, false, true>,
          run_tiles<kTileRows, kTileVectors, true, true>};
}

/// [n_rows - 1][n_vectors - 1][access]
template <size_t... kIndex>
constexpr std::array<std::array<std::array<Run, 4>, kVectors>, kRows> make_table(
    std::index_sequence<kIndex...>) {
  return {{{every_access<kIndex + 1, 1>(), every_access<kIndex + 1, 2>()}...}};
}

void run(const TileTask& task) {
  static constexpr auto kTable = make_table(std::make_index_sequence<kRows>());
  const size_t vectors = task.n_columns > kLanes ? 1 : 0;
  const size_t access = (task.a_row_stride == 1 ? 1u : 0u) + (task.a_offsets != nullptr ? 2u : 0u);
  kTable[static_cast<size_t>(task.n_rows - 1)][vectors][access](task);
}

}  // namespace

TileKernel avx512_tile_kernel() { return {kRows, kColumns, 256, 384, true, run, pack_avx2}; }

}  // namespace reprotrain::kernels

#endif  // defined(__x86_64__)
