// SPDX-License-Identifier: Apache-2.0
// The sum of terms that always sit together (a row): 32 strided lanes, then a tree.
//
//   lane[l] = +0 + t(l) + t(l + 32) + t(l + 64) + ...         for l < 32, binary32, left to right
//   for w = 16, 8, 4, 2, 1: lane[l] = lane[l] + lane[l + w]   for l < w
//   sum = lane[0]                                             no terms: +0
//
// Why: softmax and layer norm rows of 2 to 1,000 elements; a warp or two AVX-512 registers hold
// the lanes.
// Determinism: a function of the row alone.
#pragma once

#include <cstdint>

#include "kernels/base/hd.h"

namespace reprotrain::kernels {

inline constexpr int kSumLanes = 32;

/// Sum of term(0) ... term(n - 1); `term` is a callable int64_t -> float.
template <class Term>
RPT_HD float lane_sum(const Term& term, int64_t n) {
  float lane[kSumLanes] = {};
  const int64_t whole = n - n % kSumLanes;
  for (int64_t i = 0; i < whole; i += kSumLanes) {
    for (int l = 0; l < kSumLanes; ++l) lane[l] = lane[l] + term(i + l);
  }
  for (int64_t i = whole; i < n; ++i) lane[i - whole] = lane[i - whole] + term(i);
  for (int width = kSumLanes / 2; width >= 1; width /= 2) {
    for (int l = 0; l < width; ++l) lane[l] = lane[l] + lane[l + width];
  }
  return lane[0];
}

}  // namespace reprotrain::kernels
