// SPDX-License-Identifier: Apache-2.0
#include "engine/device/gather_rows.h"

#include <gtest/gtest.h>

#include <vector>

#include "engine/device/cpu_threads.h"
#include "tests/support/adversarial_parallel.h"

namespace reprotrain::engine {
namespace {

/// Element (row, j) of the source is 1000 row + j, so that every element says where it comes from.
std::vector<float> gathered(int64_t n_features, const std::vector<int64_t>& rows,
                            const kernels::Parallel& parallel) {
  std::vector<float> values;
  for (int64_t row = 0; row < 300; ++row) {
    for (int64_t j = 0; j < n_features; ++j) values.push_back(static_cast<float>(1000 * row + j));
  }
  std::vector<float> batch(rows.size() * static_cast<size_t>(n_features), -1.0f);
  gather_rows(values.data(), n_features * static_cast<int64_t>(sizeof(float)), rows, batch.data(),
              parallel);
  return batch;
}

TEST(GatherRows, CopiesRowsInTheirOrderOnAnyThreads) {
  for (int64_t n_features : {1, 31, 33, 784}) {
    for (int64_t n_rows : {0, 1, 2, 128, 257}) {
      std::vector<int64_t> rows;
      std::vector<float> expected;
      for (int64_t i = 0; i < n_rows; ++i) {
        rows.push_back(i * 7 % 300);
        for (int64_t j = 0; j < n_features; ++j) {
          expected.push_back(static_cast<float>(1000 * rows.back() + j));
        }
      }
      EXPECT_EQ(gathered(n_features, rows, kernels::SerialParallel()), expected);
      EXPECT_EQ(gathered(n_features, rows, CpuThreads(3)), expected);
      EXPECT_EQ(gathered(n_features, rows, testing::AdversarialParallel(5)), expected);
    }
  }
}

}  // namespace
}  // namespace reprotrain::engine
