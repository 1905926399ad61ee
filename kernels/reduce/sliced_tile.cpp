// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/sliced_tile.h"

#include <bit>
#include <cassert>
#include <cstring>

#include "kernels/base/cpu_path.h"
#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"

namespace reprotrain::kernels {
namespace {

// Vectors of the compiler, as many bytes wide as the target's registers: one text for all of them.
template <int kBytes>
struct Register {
  static constexpr int kColumns = kBytes / 8;  // binary64 lanes
  typedef float Floats __attribute__((vector_size(kBytes / 2)));
  typedef double Doubles __attribute__((vector_size(kBytes)));
  typedef int64_t Longs __attribute__((vector_size(kBytes)));
  static constexpr int kIntBytes = kBytes < 32 ? kBytes : 32;
  typedef int32_t Ints __attribute__((vector_size(kIntBytes)));
};

struct TileInput {
  const float* data;
  int64_t row_stride;
  int64_t n_rows;
};

template <int kBytes>
RPT_HD void largest_magnitudes(const TileInput& in, int32_t (&largest)[kTileColumns]) {
  using Ints = typename Register<kBytes>::Ints;
  constexpr int kWidth = Register<kBytes>::kIntBytes / 4;
  for (int first = 0; first < kTileColumns; first += kWidth) {
    Ints best = {};
    for (int64_t r = 0; r < in.n_rows; ++r) {
      Ints bits;
      memcpy(&bits, in.data + r * in.row_stride + first, sizeof bits);
      bits &= 0x7fffffff;
      best = bits > best ? bits : best;
    }
    memcpy(largest + first, &best, sizeof best);
  }
}

/// 1.5 * 2^(52 + g) for the slices of a column whose terms are at most 2^bound_exponent.
template <int kSlices>
RPT_HD void choose_grids(int column, int bound_exponent, int headroom,
                         double (&shifter)[kSlices][kTileColumns]) {
  int bound = bound_exponent;
  for (int k = 0; k < kSlices; ++k) {
    const int grid = bound + headroom - 51;
    shifter[k][column] =
        double_from_bits(static_cast<uint64_t>(52 + grid + 1023) << 52 | uint64_t{1} << 51);
    bound = grid - 1;
  }
}

/// The columns of one register, from `first` on.
template <int kBytes, int kSlices, TileTerm kTerm>
RPT_HD void sum_slices(const TileInput& in, int first,
                       const double (&shifters)[kSlices][kTileColumns], SlicedTile& tile,
                       uint64_t (&rest_bits)[kTileColumns]) {
  using Doubles = typename Register<kBytes>::Doubles;
  Doubles shifter[kSlices], sum[kSlices];
  for (int k = 0; k < kSlices; ++k) {
    memcpy(&shifter[k], shifters[k] + first, sizeof shifter[k]);
    sum[k] = shifter[k];
  }
  typename Register<kBytes>::Longs rests = {};
  for (int64_t r = 0; r < in.n_rows; ++r) {
    typename Register<kBytes>::Floats values;
    memcpy(&values, in.data + r * in.row_stride + first, sizeof values);
    Doubles rest = __builtin_convertvector(values, Doubles);
    if constexpr (kTerm == TileTerm::kSquare) rest = rest * rest;
    for (int k = 0; k < kSlices; ++k) {
      const Doubles next = sum[k] + rest;
      rest -= next - sum[k];
      sum[k] = next;
    }
    rests |= (typename Register<kBytes>::Longs)rest;
  }
  for (int k = 0; k < kSlices; ++k) {
    sum[k] -= shifter[k];
    memcpy(tile.slice[k] + first, &sum[k], sizeof sum[k]);
  }
  memcpy(rest_bits + first, &rests, sizeof rests);
}

template <int kBytes, int kSlices, TileTerm kTerm>
RPT_HD void try_slices(const TileInput& in, const int32_t (&largest)[kTileColumns],
                       SlicedTile& tile) {
  const auto headroom = static_cast<int>(std::bit_width(static_cast<uint64_t>(in.n_rows - 1)));
  double shifter[kSlices][kTileColumns];
  for (int c = 0; c < kTileColumns; ++c) {
    const int field = largest[c] >> 23;
    int bound = (field > 1 ? field : 1) - 126;  // |x| < 2^bound
    if (kTerm == TileTerm::kSquare) bound *= 2;
    choose_grids<kSlices>(c, bound, headroom, shifter);
  }
  uint64_t rest_bits[kTileColumns];
  for (int first = 0; first < kTileColumns; first += Register<kBytes>::kColumns) {
    sum_slices<kBytes, kSlices, kTerm>(in, first, shifter, tile, rest_bits);
  }
  tile.n_slices = kSlices;
  tile.all_exact = true;
  for (int c = 0; c < kTileColumns; ++c) {
    // The rest of -0 is -0: the sign does not count. An infinity or a NaN leaves a NaN.
    tile.exact[c] = (rest_bits[c] << 1) == 0;
    tile.all_exact = tile.all_exact && tile.exact[c];
  }
}

template <int kBytes, TileTerm kTerm>
RPT_HD void sum_tile_of(const TileInput& in, SlicedTile& tile) {
  // Squares have twice the bits, and twice the spread of exponents.
  constexpr int kFirstTry = kTerm == TileTerm::kValue ? kFewSlices : kFewSlices + 1;
  int32_t largest[kTileColumns];
  largest_magnitudes<kBytes>(in, largest);
  try_slices<kBytes, kFirstTry, kTerm>(in, largest, tile);
  if (!tile.all_exact) try_slices<kBytes, kManySlices, kTerm>(in, largest, tile);
}

template <int kBytes>
RPT_HD void sum_tile_in(TileTerm term, const TileInput& in, SlicedTile& tile) {
  assert(in.n_rows >= 1 && in.n_rows <= kTileRows);
  if (term == TileTerm::kValue) {
    sum_tile_of<kBytes, TileTerm::kValue>(in, tile);
  } else {
    sum_tile_of<kBytes, TileTerm::kSquare>(in, tile);
  }
}

void sum_tile_baseline(TileTerm term, const float* data, int64_t row_stride, int64_t n_rows,
                       SlicedTile& tile) {
  sum_tile_in<16>(term, {data, row_stride, n_rows}, tile);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void sum_tile_avx2(TileTerm term, const float* data,
                                                   int64_t row_stride, int64_t n_rows,
                                                   SlicedTile& tile) {
  sum_tile_in<32>(term, {data, row_stride, n_rows}, tile);
}

__attribute__((target("avx2,avx512f,avx512vl,avx512dq"))) void sum_tile_avx512(
    TileTerm term, const float* data, int64_t row_stride, int64_t n_rows, SlicedTile& tile) {
  sum_tile_in<64>(term, {data, row_stride, n_rows}, tile);
}
#endif

}  // namespace

SlicedTile sum_tile(TileTerm term, const float* data, int64_t row_stride, int64_t n_rows) {
  SlicedTile tile;
#if defined(__x86_64__)
  const CpuPath path = cpu_path();
  if (uses_avx512(path)) {
    sum_tile_avx512(term, data, row_stride, n_rows, tile);
    return tile;
  }
  if (uses_avx2(path)) {
    sum_tile_avx2(term, data, row_stride, n_rows, tile);
    return tile;
  }
#endif
  sum_tile_baseline(term, data, row_stride, n_rows, tile);
  return tile;
}

}  // namespace reprotrain::kernels
