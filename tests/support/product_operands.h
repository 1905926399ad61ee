// SPDX-License-Identifier: Apache-2.0
// Matrix products as test cases: operands in guarded memory, made from families of values.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/float_bits.h"
#include "kernels/conformance/test_values.h"
#include "kernels/matmul/ordered_matmul.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/guarded_matrix.h"

namespace reprotrain::testing {

/// One product; the bias is optional.
struct ProductCase {
  std::string_view kind = "unit";
  int64_t n_rows = 0;
  int64_t depth = 0;
  int64_t n_columns = 0;
  bool transpose_a = false;
  bool transpose_b = false;
  bool has_bias = false;
};

inline std::string name_of(const ProductCase& c) {
  return std::string(c.kind) + " " + std::to_string(c.n_rows) + "x" + std::to_string(c.depth) +
         "x" + std::to_string(c.n_columns) + (c.transpose_a ? " At" : "") +
         (c.transpose_b ? " Bt" : "") + (c.has_bias ? " bias" : "");
}

/// Operands of a case. Those of A, B and the bias start at elements 0, 2^20 and 2^21 of the family.
struct ProductOperands {
  explicit ProductOperands(const ProductCase& c_, int64_t gap = 0, int64_t shift = 0)
      : a(c_.transpose_a ? c_.depth : c_.n_rows, c_.transpose_a ? c_.n_rows : c_.depth, gap, shift),
        b(c_.transpose_b ? c_.n_columns : c_.depth, c_.transpose_b ? c_.depth : c_.n_columns, gap,
          shift),
        c(c_.n_rows, c_.n_columns, gap, shift) {
    a.fill(c_.kind, 0);
    b.fill(c_.kind, uint64_t{1} << 20);
    for (int64_t j = 0; j < c_.n_columns; ++j) {
      bias.push_back(kernels::element(c_.kind, (uint64_t{1} << 21) + static_cast<uint64_t>(j)));
    }
    product.a = a.view();
    product.transpose_a = c_.transpose_a;
    product.b = b.view();
    product.transpose_b = c_.transpose_b;
    product.c = c.view();
    product.bias = c_.has_bias ? bias.data() : nullptr;
  }

  Bits result() {
    EXPECT_TRUE(a.guards_are_whole() && b.guards_are_whole() && c.guards_are_whole());
    Bits bits;
    for (int64_t row = 0; row < product.c.n_rows; ++row) {
      for (int64_t column = 0; column < product.c.n_columns; ++column) {
        bits.push_back(kernels::bits_of(kernels::canonical(product.c(row, column))));
      }
    }
    return bits;
  }

  GuardedMatrix a, b, c;
  std::vector<float> bias;
  kernels::MatrixProduct product;
};

}  // namespace reprotrain::testing
