// SPDX-License-Identifier: Apache-2.0
// Geometries of pooling: windows that touch, overlap, leave gaps, hang over an edge.
#pragma once

#include <vector>

#include "kernels/conv/pooling.h"

namespace reprotrain::testing {

inline const std::vector<kernels::Pooling>& all_poolings() {
  static const std::vector<kernels::Pooling> poolings = {
      {{12, 2, 2, 1, 0, 0}, {14, 2, 2, 1, 0, 0}, 20}, {{13, 3, 2, 1, 1, 1}, {12, 3, 2, 1, 1, 1}, 9},
      {{8, 3, 1, 1, 2, 0}, {7, 2, 1, 1, 0, 1}, 33},   {{5, 1, 2, 1, 0, 0}, {9, 4, 3, 1, 3, 3}, 1},
      {{2, 5, 1, 1, 4, 4}, {3, 5, 2, 1, 4, 4}, 8},
  };
  return poolings;
}

}  // namespace reprotrain::testing
