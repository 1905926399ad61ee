// SPDX-License-Identifier: Apache-2.0
// Tiles of up to 12 vectors of sums in AVX2, which paths with AVX-512 use as well.
#include "kernels/matmul/narrow_tile.h"

#include "kernels/base/cpu_path.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/base/ceil_div.h"
#include "kernels/matmul/ordered_matmul.h"
#include "kernels/matmul/tile_kernel.h"

#define RPT_AVX2 __attribute__((target("avx2,fma")))

namespace reprotrain::kernels {

namespace {

/// Vectors of columns in a tile of so many rows: as many as 16 registers hold.
constexpr int kMostVectors[] = {0, 8, 6, 4, 3, 2, 2};

/// The sums of terms [begin, end), one chain.
template <int kRows, int kVectors>
RPT_AVX2 RPT_INLINE void sum_chain(const NarrowTask& task, int64_t begin, int64_t end,
                                   __m256 (&sums)[kRows][kVectors]) {
  RPT_UNROLL for (int row = 0; row < kRows; ++row) {
    RPT_UNROLL for (int v = 0; v < kVectors; ++v) sums[row][v] = _mm256_setzero_ps();
  }
  const float* a = task.a + begin * kRows;
  for (int64_t k = begin; k < end; ++k, a += kRows) {
    const float* b = task.b + task.b_offsets[k];
    const auto columns = [b](int v) __attribute__((target("avx2,fma"), always_inline)) {
      return _mm256_loadu_ps(b + v * kNarrowLanes);
    };
    const auto factor = [a](int row) __attribute__((target("avx2,fma"), always_inline)) {
      return _mm256_broadcast_ss(a + row);
    };
    // Of the two, the fewer wait in registers for the others.
    if constexpr (kRows < kVectors) {
      __m256 factors[kRows];
      RPT_UNROLL for (int row = 0; row < kRows; ++row) factors[row] = factor(row);
      RPT_UNROLL for (int v = 0; v < kVectors; ++v) {
        const __m256 b_row = columns(v);
        RPT_UNROLL for (int row = 0; row < kRows; ++row) {
          sums[row][v] = _mm256_fmadd_ps(factors[row], b_row, sums[row][v]);
        }
      }
    } else {
      __m256 b_row[kVectors];
      RPT_UNROLL for (int v = 0; v < kVectors; ++v) b_row[v] = columns(v);
      RPT_UNROLL for (int row = 0; row < kRows; ++row) {
        const __m256 a_row = factor(row);
        RPT_UNROLL for (int v = 0; v < kVectors; ++v) {
          sums[row][v] = _mm256_fmadd_ps(a_row, b_row[v], sums[row][v]);
        }
      }
    }
  }
}

template <int kRows, int kVectors>
RPT_AVX2 void run_tile(const NarrowTask& task) {
  alignas(32) float totals[kRows][kVectors * kNarrowLanes];
  for (int64_t chain = 0; chain < task.depth; chain += kChainLength) {
    __m256 sums[kRows][kVectors];
    sum_chain(task, chain, std::min(chain + kChainLength, task.depth), sums);
    RPT_UNROLL for (int row = 0; row < kRows; ++row) {
      RPT_UNROLL for (int v = 0; v < kVectors; ++v) {
        float* total = totals[row] + v * kNarrowLanes;
        const __m256 sum = sums[row][v];
        _mm256_store_ps(total, chain == 0 ? sum : _mm256_add_ps(_mm256_load_ps(total), sum));
      }
    }
  }
  float* c = task.c;
  for (int64_t column = 0; column < task.n_columns; ++column, c += task.c_column_stride) {
    RPT_UNROLL for (int row = 0; row < kRows; ++row) c[row] = totals[row][column];
  }
}

using Run = void (*)(const NarrowTask&);

template <int kRows, size_t... kIndex>
constexpr std::array<Run, 8> tiles_of_rows(std::index_sequence<kIndex...>) {
  return {run_tile<kRows, kIndex + 1>...};
}

/// [n_vectors - 1]
template <int kRows>
constexpr std::array<Run, 8> tiles_of_rows() {
  return tiles_of_rows<kRows>(std::make_index_sequence<kMostVectors[kRows]>());
}

constexpr std::array<Run, 8> kTiles[] = {tiles_of_rows<1>(), tiles_of_rows<2>(),
                                         tiles_of_rows<3>(), tiles_of_rows<4>(),
                                         tiles_of_rows<5>(), tiles_of_rows<6>()};

}  // namespace

bool has_narrow_tiles() { return uses_avx2(cpu_path()); }

void run_narrow_tiles(const NarrowTask& task) {
  const int64_t n_vectors = ceil_div(task.n_columns, kNarrowLanes);
  const int64_t n_tiles = ceil_div<int64_t>(n_vectors, kMostVectors[task.n_rows]);
  for (int64_t tile = 0; tile < n_tiles; ++tile) {
    const int64_t first = tile * n_vectors / n_tiles, end = (tile + 1) * n_vectors / n_tiles;
    NarrowTask part = task;
    part.b += first * kNarrowLanes;
    part.c += first * kNarrowLanes * task.c_column_stride;
    part.n_columns = std::min(end * kNarrowLanes, task.n_columns) - first * kNarrowLanes;
    kTiles[task.n_rows - 1][static_cast<size_t>(end - first - 1)](part);
  }
}

}  // namespace reprotrain::kernels

#else

#include <cassert>

namespace reprotrain::kernels {

bool has_narrow_tiles() { return false; }

void run_narrow_tiles(const NarrowTask& /*task*/) { assert(false); }

}  // namespace reprotrain::kernels

#endif  // defined(__x86_64__)
