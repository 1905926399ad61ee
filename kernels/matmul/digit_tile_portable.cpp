// SPDX-License-Identifier: Apache-2.0
// Tiles of 4x8 in plain loops over int32.
#include <algorithm>

#include "kernels/matmul/digit_tile.h"

namespace reprotrain::kernels {

namespace {

constexpr int kColumns = 8;

constexpr int32_t low_half(int32_t word) { return static_cast<int16_t>(word & 0xffff); }
constexpr int32_t high_half(int32_t word) { return word >> 16; }

using Sums = int32_t[kTileRows][kColumns];

/// sums += the products of one word of each row and one word of each column.
void add_products(const int32_t* a, const int32_t* b, Sums& sums) {
  RPT_UNROLL for (int row = 0; row < kTileRows; ++row) {
    const int32_t low = low_half(a[row]);
    const int32_t high = high_half(a[row]);
    for (int column = 0; column < kColumns; ++column) {
      sums[row][column] += low * low_half(b[column]) + high * high_half(b[column]);
    }
  }
}

template <int kDigits>
void run(const DigitTileTask& task) {
  constexpr GroupShape kShape = group_shape(DigitLayout::kPairs, kDigits);
  Sums lower = {};
  Sums upper = {};
  const int32_t* a = task.a;
  const int32_t* b = task.b;
  for (int64_t group = 0; group < task.n_groups; ++group) {
    if constexpr (kDigits == 2) {
      add_products(a, b, lower);
    } else {
      add_products(a, b, upper);
      add_products(a + kPanelRows, b, lower);
      add_products(a + 2 * kPanelRows, b + kColumns, lower);
      add_products(a + 3 * kPanelRows, b + 2 * kColumns, lower);
    }
    a += kShape.a_words * kPanelRows;
    b += kShape.b_words * kColumns;
  }
  std::copy_n(&lower[0][0], kTileRows * kColumns, task.sums);
  if constexpr (kDigits == 3) {
    std::copy_n(&upper[0][0], kTileRows * kColumns, task.sums + kTileRows * kColumns);
  }
}

}  // namespace

DigitTileKernel portable_digit_tile_kernel(int n_digits) {
  const int64_t max_groups =
      pair_terms(n_digits) / group_shape(DigitLayout::kPairs, n_digits).n_terms;
  return {DigitLayout::kPairs, kColumns, max_groups, n_digits == 2 ? run<2> : run<3>};
}

}  // namespace reprotrain::kernels
