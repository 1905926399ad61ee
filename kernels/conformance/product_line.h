// SPDX-License-Identifier: Apache-2.0
// Matrix products as golden lines describe them, and their operands in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/float_bits.h"
#include "kernels/base/matrix_view.h"
#include "kernels/conformance/golden_words.h"
#include "kernels/conformance/operator_device.h"
#include "kernels/conformance/test_values.h"

namespace reprotrain::kernels {

/// A matrix with `gap` numbers between its rows, the first row `gap` numbers into its memory.
class PlacedMatrix {
 public:
  PlacedMatrix(int64_t n_rows, int64_t n_columns, int64_t gap)
      : n_rows_(n_rows),
        n_columns_(n_columns),
        gap_(gap),
        values_(static_cast<size_t>(gap + n_rows * (n_columns + gap)),
                float_from_bits(0x7fc0dead)) {}

  /// Element i, counted row by row, is value(i).
  template <typename Value>
  void fill(const Value& value) {
    for (int64_t row = 0; row < n_rows_; ++row) {
      for (int64_t column = 0; column < n_columns_; ++column) {
        view()(row, column) = value(static_cast<uint64_t>(row * n_columns_ + column));
      }
    }
  }
  MatrixView view() { return {values_.data() + gap_, n_rows_, n_columns_, n_columns_ + gap_}; }

  /// Row by row, without the gaps.
  std::vector<float> dense_values() {
    std::vector<float> values;
    for (int64_t row = 0; row < n_rows_; ++row) {
      values.insert(values.end(), view().row(row), view().row(row) + n_columns_);
    }
    return values;
  }

 private:
  int64_t n_rows_, n_columns_, gap_;
  std::vector<float> values_;
};

/// What a golden line says of a product. Element i of an operand is its function of i.
template <typename ValueA, typename ValueB>
struct ProductLine {
  int64_t n_rows, depth, n_columns;
  bool transpose_a, transpose_b;
  ValueA a;
  ValueB b;
  std::vector<float> bias;  ///< or none

  bool compute(OperatorDevice& device, std::string_view specification, int64_t gap,
               const Epilogue& epilogue, std::vector<float>& result) const {
    PlacedMatrix a_matrix(transpose_a ? depth : n_rows, transpose_a ? n_rows : depth, gap);
    PlacedMatrix b_matrix(transpose_b ? n_columns : depth, transpose_b ? depth : n_columns, gap);
    PlacedMatrix c(n_rows, n_columns, gap);
    a_matrix.fill(a);
    b_matrix.fill(b);
    const MatrixProduct product{a_matrix.view(), transpose_a, b_matrix.view(),
                                transpose_b,     c.view(),    bias.empty() ? nullptr : bias.data(),
                                epilogue};
    if (!device.matrix_product(specification, product)) return false;
    result = c.dense_values();
    return true;
  }
  bool compute(OperatorDevice& device, std::string_view specification, int64_t gap,
               std::vector<float>& result) const {
    return compute(device, specification, gap, Epilogue(), result);
  }
};
// clang 14 does not deduce the parameters of an aggregate by itself.
template <typename ValueA, typename ValueB>
ProductLine(int64_t, int64_t, int64_t, bool, bool, ValueA, ValueB, std::vector<float>)
    -> ProductLine<ValueA, ValueB>;

using FamilyValues = std::function<float(uint64_t i)>;

/// kind m k n ta tb bias, as in matmul.kat.
inline ProductLine<FamilyValues, FamilyValues> line_of_families(const Words& in) {
  WordReader words(in);
  const std::string kind = words.text();
  const int64_t m = words.count(), k = words.count(), n = words.count();
  const bool transpose_a = words.flag(), transpose_b = words.flag(), has_bias = words.flag();
  const auto from = [kind](uint64_t first) -> FamilyValues {
    return [kind, first](uint64_t i) { return element(kind, first + i); };
  };
  std::vector<float> bias;
  for (uint64_t j = 0; has_bias && j < static_cast<uint64_t>(n); ++j) {
    bias.push_back(element(kind, (uint64_t{1} << 21) + j));
  }
  return {m, k, n, transpose_a, transpose_b, from(0), from(uint64_t{1} << 20), bias};
}

}  // namespace reprotrain::kernels
