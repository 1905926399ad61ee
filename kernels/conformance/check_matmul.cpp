// SPDX-License-Identifier: Apache-2.0
#include <span>
#include <stdexcept>
#include <vector>

#include "kernels/conformance/check_functions.h"
#include "kernels/conformance/golden_words.h"
#include "kernels/conformance/test_values.h"

namespace reprotrain::kernels {
namespace {

/// A matrix with room between its rows, which lie at odd addresses.
class PaddedMatrix {
 public:
  PaddedMatrix(int64_t n_rows, int64_t n_columns)
      : n_rows_(n_rows),
        n_columns_(n_columns),
        values_(static_cast<size_t>(kShift + n_rows * stride()), float_from_bits(0x7fc0dead)) {}

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
  MatrixView view() { return {values_.data() + kShift, n_rows_, n_columns_, stride()}; }

 private:
  static constexpr int64_t kShift = 1;
  int64_t stride() const { return n_columns_ + 3; }

  int64_t n_rows_, n_columns_;
  std::vector<float> values_;
};

void append_rows(PaddedMatrix& matrix, Words& out) {
  const MatrixView view = matrix.view();
  for (int64_t row = 0; row < view.n_rows; ++row) {
    append_words({view.row(row), static_cast<size_t>(view.n_columns)}, out);
  }
}

/// C = A B of given elements, row by row.
bool product_of(OperatorDevice& device, std::string_view specification, PaddedMatrix& a,
                PaddedMatrix& b, Words& out) {
  PaddedMatrix c(a.view().n_rows, b.view().n_columns);
  const MatrixProduct product{a.view(), false, b.view(), false, c.view(), nullptr};
  if (!device.matrix_product(specification, product)) return false;
  append_rows(c, out);
  return true;
}

/// n elements that repeat a period.
std::vector<float> repeated(const std::vector<float>& period, int64_t n) {
  std::vector<float> values;
  for (size_t i = 0; i < static_cast<size_t>(n); ++i) values.push_back(period[i % period.size()]);
  return values;
}

}  // namespace

bool check_product(OperatorDevice& device, std::string_view specification, const Words& in,
                   Words& out) {
  WordReader words(in);
  const std::string kind = words.text();
  const int64_t m = words.count(), k = words.count(), n = words.count();
  const bool transpose_a = words.flag(), transpose_b = words.flag(), has_bias = words.flag();
  PaddedMatrix a = transpose_a ? PaddedMatrix(k, m) : PaddedMatrix(m, k);
  PaddedMatrix b = transpose_b ? PaddedMatrix(n, k) : PaddedMatrix(k, n);
  PaddedMatrix c(m, n);
  a.fill(kind, 0);
  b.fill(kind, uint64_t{1} << 20);
  std::vector<float> bias;
  for (int64_t j = 0; j < n; ++j) {
    bias.push_back(element(kind, (uint64_t{1} << 21) + static_cast<uint64_t>(j)));
  }
  const MatrixProduct product{a.view(),    transpose_a, b.view(),
                              transpose_b, c.view(),    has_bias ? bias.data() : nullptr};
  if (!device.matrix_product(specification, product)) return false;
  append_rows(c, out);
  return true;
}

bool check_product_of_words(OperatorDevice& device, std::string_view specification, const Words& in,
                            Words& out) {
  WordReader words(in);
  const int64_t m = words.count(), k = words.count(), n = words.count();
  PaddedMatrix a(m, k), b(k, n);
  const std::vector<float> values = words.binary32_rest();
  if (values.size() != static_cast<size_t>(m * k + k * n)) {
    throw std::runtime_error("a golden line holds too many or too few elements");
  }
  a.fill(std::span(values).first(static_cast<size_t>(m * k)));
  b.fill(std::span(values).subspan(static_cast<size_t>(m * k)));
  return product_of(device, specification, a, b, out);
}

bool check_periodic_product(OperatorDevice& device, std::string_view specification, const Words& in,
                            Words& out) {
  WordReader words(in);
  const int64_t k = words.count();
  PaddedMatrix a(1, k), b(k, 1);
  for (PaddedMatrix* matrix : {&a, &b}) {
    std::vector<float> period;
    for (int64_t n = words.count(); n > 0; --n) period.push_back(words.binary32());
    matrix->fill(repeated(period, k));
  }
  return product_of(device, specification, a, b, out);
}

}  // namespace reprotrain::kernels
