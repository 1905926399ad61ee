// SPDX-License-Identifier: Apache-2.0
// A matrix in the midst of garbage, which must stay as it was.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/base/matrix_view.h"
#include "kernels/conformance/test_values.h"

namespace reprotrain::testing {

/// A matrix with garbage before, after and between its rows.
class GuardedMatrix {
 public:
  GuardedMatrix(int64_t n_rows, int64_t n_columns, int64_t gap, int64_t shift)
      : n_rows_(n_rows),
        n_columns_(n_columns),
        stride_(n_columns + gap),
        shift_(shift),
        memory_(static_cast<size_t>(shift + n_rows * stride_ + 64), kGarbage) {}

  kernels::MatrixView view() { return {memory_.data() + shift_, n_rows_, n_columns_, stride_}; }

  void fill(std::string_view kind, uint64_t first) {
    const kernels::MatrixView matrix = view();
    for (int64_t row = 0; row < n_rows_; ++row) {
      for (int64_t column = 0; column < n_columns_; ++column) {
        matrix(row, column) =
            kernels::element(kind, first + static_cast<uint64_t>(row * n_columns_ + column));
      }
    }
  }

  /// Whether nothing but the matrix was written.
  bool guards_are_whole() {
    for (int64_t i = 0; i < static_cast<int64_t>(memory_.size()); ++i) {
      const int64_t from_start = i - shift_;
      const bool inside =
          from_start >= 0 && from_start < n_rows_ * stride_ && from_start % stride_ < n_columns_;
      if (!inside && memory_[static_cast<size_t>(i)] != kGarbage) return false;
    }
    return true;
  }

 private:
  static constexpr float kGarbage = 1e30f;
  int64_t n_rows_;
  int64_t n_columns_;
  int64_t stride_;
  int64_t shift_;
  std::vector<float> memory_;
};

}  // namespace reprotrain::testing
