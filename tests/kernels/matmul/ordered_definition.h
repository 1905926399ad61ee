// SPDX-License-Identifier: Apache-2.0
// `fma32-v1-draft`, one element after the other.
#pragma once

#include <algorithm>
#include <cmath>

#include "kernels/base/float_bits.h"
#include "kernels/matmul/ordered_matmul.h"
#include "tests/support/bit_patterns.h"

namespace reprotrain::testing {

/// The specification, word for word; std::fma is the C library's, not ours.
inline Bits ordered_by_definition(const kernels::MatrixProduct& product) {
  Bits bits;
  for (int64_t i = 0; i < product.c.n_rows; ++i) {
    for (int64_t j = 0; j < product.c.n_columns; ++j) {
      float total = 0.0f;
      for (int64_t begin = 0; begin < product.depth(); begin += 1024) {
        float chain = 0.0f;
        for (int64_t k = begin; k < std::min(product.depth(), begin + 1024); ++k) {
          const float x = product.transpose_a ? product.a(k, i) : product.a(i, k);
          const float y = product.transpose_b ? product.b(j, k) : product.b(k, j);
          chain = std::fma(x, y, chain);
        }
        total = begin == 0 ? chain : total + chain;
      }
      if (product.bias != nullptr) total = total + product.bias[j];
      bits.push_back(kernels::bits_of(kernels::canonical(total)));
    }
  }
  return bits;
}

}  // namespace reprotrain::testing
