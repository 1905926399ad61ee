// SPDX-License-Identifier: Apache-2.0
#include <span>
#include <vector>

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
  void fill(std::span<const float> values) {
    for (int64_t row = 0; row < n_rows_; ++row) {
      for (int64_t column = 0; column < n_columns_; ++column) {
        view()(row, column) = values[static_cast<size_t>(row * n_columns_ + column)];
      }
    }
  }
  MatrixView view() { return {values_.data() + gap_, n_rows_, n_columns_, n_columns_ + gap_}; }

 private:
  int64_t n_rows_, n_columns_, gap_;
  std::vector<float> values_;
};

void append_rows(PlacedMatrix& matrix, Words& out) {
  const MatrixView view = matrix.view();
  for (int64_t row = 0; row < view.n_rows; ++row) {
    append_words({view.row(row), static_cast<size_t>(view.n_columns)}, out);
  }
}

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
    append_rows(c, out);
    return true;
  }

  std::string kind;
  int64_t n_rows, depth, n_columns;
  bool transpose_a, transpose_b, has_bias;
};

/// C = A B of given elements, row by row.
struct GivenProduct {
  int64_t n_rows, depth, n_columns;
  std::vector<float> a_elements, b_elements;

  bool compute(OperatorDevice& device, std::string_view specification, int64_t gap,
               Words& out) const {
    PlacedMatrix a(n_rows, depth, gap), b(depth, n_columns, gap), c(n_rows, n_columns, gap);
    a.fill(a_elements);
    b.fill(b_elements);
    const MatrixProduct product{a.view(), false, b.view(), false, c.view(), nullptr};
    if (!device.matrix_product(specification, product)) return false;
    append_rows(c, out);
    return true;
  }
};

std::vector<float> read_elements(WordReader& words, int64_t n) {
  std::vector<float> elements;
  for (int64_t i = 0; i < n; ++i) elements.push_back(words.binary32());
  return elements;
}

/// `n` elements that repeat the period that stands next.
std::vector<float> read_repeated(WordReader& words, int64_t n) {
  const std::vector<float> period = read_elements(words, words.count());
  std::vector<float> elements;
  for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
    elements.push_back(period[i % period.size()]);
  }
  return elements;
}

/// The product of dense operands, which must be that of misaligned ones with gaps.
template <typename Product>
bool compute_twice(OperatorDevice& device, std::string_view specification, const Product& product,
                   Words& out) {
  if (!product.compute(device, specification, 0, out)) return false;
  Words misaligned;
  product.compute(device, specification, 3, misaligned);
  for (size_t i = 0; i < out.size(); ++i) {
    if (misaligned[i] != out[i]) out[i] = "varies:" + out[i] + "/" + misaligned[i];
  }
  return true;
}

}  // namespace

bool check_product(OperatorDevice& device, std::string_view specification, const Words& in,
                   Words& out) {
  return compute_twice(device, specification, ProductCase(in), out);
}

bool check_product_of_words(OperatorDevice& device, std::string_view specification, const Words& in,
                            Words& out) {
  WordReader words(in);
  GivenProduct product{words.count(), words.count(), words.count(), {}, {}};
  product.a_elements = read_elements(words, product.n_rows * product.depth);
  product.b_elements = read_elements(words, product.depth * product.n_columns);
  return compute_twice(device, specification, product, out);
}

bool check_periodic_product(OperatorDevice& device, std::string_view specification, const Words& in,
                            Words& out) {
  WordReader words(in);
  GivenProduct product{1, words.count(), 1, {}, {}};
  product.a_elements = read_repeated(words, product.depth);
  product.b_elements = read_repeated(words, product.depth);
  return compute_twice(device, specification, product, out);
}

}  // namespace reprotrain::kernels
