// SPDX-License-Identifier: Apache-2.0
// Tiles of up to 6x16, or 12x8, in 12 of the 16 AVX registers; two more hold a row of B.
#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <utility>

#include "kernels/matmul/pack_avx2.h"
#include "kernels/matmul/tile_kernel.h"
#include "kernels/matmul/tile_rim.h"

#define RPT_AVX2 __attribute__((target("avx2,fma")))

namespace reprotrain::kernels {

namespace {

constexpr int kLanes = 8;

/// The last additions of a tile that ends within a vector.
template <int kTileRows, int kTileVectors>
RPT_AVX2 RPT_INLINE void store_rim(const TileTask& task,
                                   const __m256 (&sums)[kTileRows][kTileVectors]) {
  alignas(32) float tile[kTileRows][kTileVectors * kLanes];
  RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
    RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) {
      _mm256_store_ps(tile[row] + v * kLanes, sums[row][v]);
    }
  }
  fold_tile(task, tile[0], kTileVectors * kLanes);
}

/// The same where rows of C follow one another and nothing of C is read: what a vector writes beyond its
/// row the next rows write again. The last rows have no such next ones.
template <int kTileRows, int kTileVectors>
RPT_AVX2 RPT_INLINE void store_dense_rim(const TileTask& task,
                                         const __m256 (&sums)[kTileRows][kTileVectors]) {
  const __m256i lanes = first_lanes(task.n_columns);
  __m256 bias = _mm256_setzero_ps();
  if (task.bias != nullptr) bias = _mm256_maskload_ps(task.bias, lanes);
  const int n_elements = kTileRows * task.n_columns;
  RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
    __m256 sum = sums[row][0];
    if (task.bias != nullptr) sum = _mm256_add_ps(sum, bias);
    const int begin = row * task.n_columns;
    float* c = task.c + begin;
    if (begin + kLanes <= n_elements) {
      _mm256_storeu_ps(c, sum);
    } else {
      _mm256_maskstore_ps(c, lanes, sum);
    }
  }
}

template <int kTileRows, int kTileVectors>
RPT_AVX2 RPT_INLINE void store_rows(const TileTask& task,
                                    const __m256 (&sums)[kTileRows][kTileVectors]) {
  if (task.n_columns < kTileVectors * kLanes) {
    const bool are_dense = task.c_row_stride == task.n_columns && !task.folds;
    if (kTileVectors > 1 || !are_dense) return store_rim(task, sums);
    return store_dense_rim(task, sums);
  }
  RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
    RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) {
      float* c = task.c + row * task.c_row_stride + v * kLanes;
      __m256 sum = sums[row][v];
      if (task.folds) sum = _mm256_add_ps(_mm256_loadu_ps(c), sum);
      if (task.bias != nullptr) sum = _mm256_add_ps(sum, _mm256_loadu_ps(task.bias + v * kLanes));
      _mm256_storeu_ps(c, sum);
    }
  }
}

/// The result is wanted the other way round: its rows are adjacent.
template <int kTileRows, int kTileVectors>
RPT_AVX2 RPT_INLINE void store_columns(const TileTask& task,
                                       const __m256 (&sums)[kTileRows][kTileVectors]) {
  constexpr int kColumns = kTileVectors * kLanes;
  alignas(32) float tile[kTileRows < 8 ? 8 : kTileRows][kColumns];
  RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
    RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) {
      _mm256_store_ps(tile[row] + v * kLanes, sums[row][v]);
    }
  }
  if (kTileRows < 8 || task.n_columns < kColumns || task.folds) {
    return fold_tile(task, tile[0], kColumns);
  }
  // The last square of rows overlaps the one before it, which a fold could not bear.
  constexpr int kLastSquare = kTileRows < 8 ? 0 : kTileRows - 8;
  RPT_UNROLL for (int first = 0; first < kTileRows; first += 8) {
    const int begin = first < kLastSquare ? first : kLastSquare;
    RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) {
      const auto tile_row = [&](int j) __attribute__((always_inline)) {
        return tile[begin + j] + v * kLanes;
      };
      __m256 columns[8];
      transpose_8x8(tile_row, columns);
      RPT_UNROLL for (int i = 0; i < 8; ++i) {
        __m256 sum = columns[i];
        if (task.bias != nullptr) sum = _mm256_add_ps(sum, _mm256_loadu_ps(task.bias + begin));
        _mm256_storeu_ps(task.c + (v * kLanes + i) * task.c_column_stride + begin, sum);
      }
    }
  }
}

/// `kAdjacent`: the rows of A lie next to one another (a_row_stride 1), so that their offsets are
/// constants of the loop; otherwise a_depth_stride is 1. `kListed`: where terms lie is listed instead.
template <int kTileRows, int kTileVectors, bool kAdjacent, bool kListed>
RPT_AVX2 RPT_INLINE void run_tile(const TileTask& task) {
  __m256 sums[kTileRows][kTileVectors];
  if (task.start == nullptr) {
    RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
      RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) sums[row][v] = _mm256_setzero_ps();
    }
  } else {
    RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) {
      const __m256i lanes = first_lanes(task.n_columns - v * kLanes);
      RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
        const float* start = task.start + row * task.start_row_stride + v * kLanes;
        sums[row][v] = _mm256_maskload_ps(start, lanes);
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
  const int64_t depth = task.depth;
  const int64_t* const offsets = task.a_offsets;
  for (int64_t k = 0; k < depth; ++k) {
    __m256 b_row[kTileVectors];
    RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) b_row[v] = _mm256_loadu_ps(b + v * kLanes);
    const int64_t listed = kListed ? offsets[k] : 0;
    RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
      const float* place = (kAdjacent ? a[0] : a[row / 3]) + listed;
      const float* element = kAdjacent ? place + row : place + (row % 3) * stride;
      const __m256 factor = _mm256_broadcast_ss(element);
      RPT_UNROLL for (int v = 0; v < kTileVectors; ++v) {
        sums[row][v] = _mm256_fmadd_ps(factor, b_row[v], sums[row][v]);
      }
    }
    b += task.b_depth_stride;
    if (!kListed) {
      RPT_UNROLL for (int group = 0; group < kGroups; ++group) a[group] += step;
    }
  }
  if (!task.is_turned) {
    store_rows<kTileRows, kTileVectors>(task, sums);
  } else {
    store_columns<kTileRows, kTileVectors>(task, sums);
  }
}

template <int kTileRows, int kTileVectors, bool kAdjacent, bool kListed>
RPT_AVX2 void run_tiles(const TileTask& first) {
  TileTask panel = first;  // not in memory that C might share: its members become registers
  for (int64_t i = 0; i < first.n_panels; ++i, panel.advance_panel()) {
    TileTask task = panel;
    for (int64_t tile = 0; tile < task.n_tiles; ++tile, task.advance()) {
      run_tile<kTileRows, kTileVectors, kAdjacent, kListed>(task);
    }
  }
}

using Run = void (*)(const TileTask&);
template <int kRows>
using Table = std::array<std::array<Run, 4>, kRows>;

/// [n_rows - 1][(terms listed, rows adjacent)]
template <int kVectors, size_t... kIndex>
constexpr Table<sizeof...(kIndex)> make_table(std::index_sequence<kIndex...>) {
  return {
      {{run_tiles<kIndex + 1, kVectors, false, false>, run_tiles<kIndex + 1, kVectors, true, false>,
        run_tiles<kIndex + 1, kVectors, false, true>,
        run_tiles<kIndex + 1, kVectors, true, true>}...}};
}

/// Which of a row of the table reads A.
size_t access_of(const TileTask& task) {
  return (task.a_row_stride == 1 ? 1u : 0u) + (task.a_offsets != nullptr ? 2u : 0u);
}

constexpr int kTallRows = 12;
constexpr int kWideRows = 6;

void run_tall(const TileTask& task) {
  static constexpr auto kTable = make_table<1>(std::make_index_sequence<kTallRows>());
  kTable[static_cast<size_t>(task.n_rows - 1)][access_of(task)](task);
}

void run_wide(const TileTask& task) {
  static constexpr auto kTable = make_table<2>(std::make_index_sequence<kWideRows>());
  if (task.n_columns <= kLanes) return run_tall(task);
  kTable[static_cast<size_t>(task.n_rows - 1)][access_of(task)](task);
}

}  // namespace

TileKernel avx2_tile_kernel(int64_t n_rows, int64_t n_columns) {
  // As many rows as fit one tall tile read every row of B only once.
  const bool tall = n_columns <= kLanes || (n_rows > kWideRows && n_rows <= kTallRows);
  if (tall) return {kTallRows, kLanes, 704, 192, false, run_tall, pack_avx2};
  return {kWideRows, 2 * kLanes, 352, 256, false, run_wide, pack_avx2};
}

}  // namespace reprotrain::kernels

#endif  // defined(__x86_64__)
