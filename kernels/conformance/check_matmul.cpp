// SPDX-License-Identifier: Apache-2.0
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
  MatrixView view() { return {values_.data() + kShift, n_rows_, n_columns_, stride()}; }

 private:
  static constexpr int64_t kShift = 1;
  int64_t stride() const { return n_columns_ + 3; }

  int64_t n_rows_, n_columns_;
  std::vector<float> values_;
};

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
  for (int64_t row = 0; row < m; ++row) {
    append_words({c.view().row(row), static_cast<size_t>(n)}, out);
  }
  return true;
}

}  // namespace reprotrain::kernels
