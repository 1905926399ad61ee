// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/check_functions.h"
#include "kernels/conformance/golden_words.h"
#include "kernels/conformance/test_values.h"

namespace reprotrain::kernels {
namespace {

/// A matrix with `gap` numbers between its rows, the first row `gap` numbers into its memory.
class PlacedMatrix {
 public:
  PlacedMatrix(int64_t n_rows, int64_t n_columns, int64_t gap)
      : n_rows_(n_rows),
        n_columns_(n_columns),
        gap_(gap),
        values_(static_cast<size_t>(gap + n_rows * (n_columns + gap)),
                float_from_bits(0x7fc0dead)) {}

  void fill(std::string_view kind, uint64_t first_index) {
    for (int64_t row = 0; row < n_rows_; ++row) {
      for (int64_t column = 0; column < n_columns_; ++column) {
        const auto index = static_cast<uint64_t>(row * n_columns_ + column);
        view()(row, column) = element(kind, first_index + index);
      }
    }
  }
  MatrixView view() { return {values_.data() + gap_, n_rows_, n_columns_, n_columns_ + gap_}; }

 private:
  int64_t n_rows_, n_columns_, gap_;
  std::vector<float> values_;
};

/// A line of matmul.kat.
struct ProductCase {
  explicit ProductCase(const Words& in) {
    WordReader words(in);
    kind = words.text();
    n_rows = words.count(), depth = words.count(), n_columns = words.count();
    transpose_a = words.flag(), transpose_b = words.flag(), has_bias = words.flag();
  }

  /// C as words; false where the device does not offer the product.
  bool compute(OperatorDevice& device, std::string_view specification, int64_t gap,
               Words& out) const {
    PlacedMatrix a(transpose_a ? depth : n_rows, transpose_a ? n_rows : depth, gap);
    PlacedMatrix b(transpose_b ? n_columns : depth, transpose_b ? depth : n_columns, gap);
    PlacedMatrix c(n_rows, n_columns, gap);
    a.fill(kind, 0);
    b.fill(kind, uint64_t{1} << 20);
    std::vector<float> bias;
    for (int64_t j = 0; j < n_columns; ++j) {
      bias.push_back(element(kind, (uint64_t{1} << 21) + static_cast<uint64_t>(j)));
    }
    const MatrixProduct product{a.view(),    transpose_a, b.view(),
                                transpose_b, c.view(),    has_bias ? bias.data() : nullptr};
    if (!device.matrix_product(specification, product)) return false;
    for (int64_t row = 0; row < n_rows; ++row) {
      append_words({c.view().row(row), static_cast<size_t>(n_columns)}, out);
    }
    return true;
  }

  std::string kind;
  int64_t n_rows, depth, n_columns;
  bool transpose_a, transpose_b, has_bias;
};

}  // namespace

bool check_product(OperatorDevice& device, std::string_view specification, const Words& in,
                   Words& out) {
  const ProductCase product(in);
  if (!product.compute(device, specification, 0, out)) return false;
  Words misaligned;
  product.compute(device, specification, 3, misaligned);
  for (size_t i = 0; i < out.size(); ++i) {
    if (misaligned[i] != out[i]) out[i] = "varies:" + out[i] + "/" + misaligned[i];
  }
  return true;
}

}  // namespace reprotrain::kernels
