// SPDX-License-Identifier: Apache-2.0
// Operands whose elements lie beyond 2^31 and 2^32 elements from their first: offsets are 64 bits.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "kernels/base/cpu_path.h"
#include "kernels/base/float_bits.h"
#include "kernels/conformance/test_values.h"
#include "kernels/matmul/ordered_matmul.h"
#include "kernels/reduce/column_sums.h"
#include "tests/support/sparse_memory.h"

namespace reprotrain::kernels {
namespace {

constexpr int64_t kFar = (int64_t{1} << 31) + 5;

/// A matrix twice: dense, and with its rows kFar elements apart.
class FarMatrix {
 public:
  FarMatrix(int64_t n_rows, int64_t n_columns, uint64_t first_index)
      : dense_values_(static_cast<size_t>(n_rows * n_columns)),
        memory_((n_rows - 1) * kFar + n_columns),
        dense_(dense_view(dense_values_.data(), n_rows, n_columns)),
        far_{memory_.data(), n_rows, n_columns, kFar} {
    for (int64_t row = 0; row < n_rows; ++row) {
      for (int64_t column = 0; column < n_columns; ++column) {
        const auto index = static_cast<uint64_t>(row * n_columns + column);
        dense_(row, column) = far_(row, column) = element("unit", first_index + index);
      }
    }
  }
  MatrixView dense() const { return dense_; }
  MatrixView far() const { return far_; }
  bool same_values() const {
    for (int64_t row = 0; row < dense_.n_rows; ++row) {
      const auto size_bytes = static_cast<size_t>(dense_.n_columns) * sizeof(float);
      if (std::memcmp(dense_.row(row), far_.row(row), size_bytes) != 0) return false;
    }
    return true;
  }

 private:
  std::vector<float> dense_values_;
  testing::SparseMemory memory_;
  MatrixView dense_, far_;
};

TEST(FarRows, ProductsReachThem) {
  constexpr int64_t kRows = 7, kDepth = 5, kColumns = 9;
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    for (const int transposes : {0, 1, 2, 3}) {
      const bool transpose_a = (transposes & 1) != 0, transpose_b = (transposes & 2) != 0;
      const FarMatrix a(transpose_a ? kDepth : kRows, transpose_a ? kRows : kDepth, 0);
      const FarMatrix b(transpose_b ? kColumns : kDepth, transpose_b ? kDepth : kColumns, 100);
      const FarMatrix c(kRows, kColumns, 200);
      ordered_matmul({a.dense(), transpose_a, b.dense(), transpose_b, c.dense()}, SerialParallel());
      EXPECT_FALSE(c.same_values());
      ordered_matmul({a.far(), transpose_a, b.far(), transpose_b, c.far()}, SerialParallel());
      EXPECT_TRUE(c.same_values()) << name_of(path) << ", transposes " << transposes;
    }
  }
}

TEST(FarRows, ColumnSumsReachThem) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    const FarMatrix m(6, 11, 0);
    std::vector<float> of_dense(11), of_far(11);
    exact_column_sums(m.dense(), of_dense, SerialParallel());
    exact_column_sums(m.far(), of_far, SerialParallel());
    EXPECT_EQ(of_dense, of_far) << name_of(path);
  }
}

}  // namespace
}  // namespace reprotrain::kernels
