// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul/int8_gemm_cuda.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "kernels/conformance/device_array.h"
#include "kernels/conformance/test_values.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

using testing::for_each_schedule;

/// Any int8, the ends of the range among them.
std::vector<int8_t> digits(int64_t n, uint64_t first) {
  std::vector<int8_t> values;
  for (int64_t i = 0; i < n; ++i) {
    const uint64_t word = mixed_word(first + static_cast<uint64_t>(i));
    values.push_back(word >> 60 == 0 ? int8_t{-128} : static_cast<int8_t>(word & 0xff));
  }
  return values;
}

struct GemmCase {
  int64_t n_rows, n_columns, depth;
};

/// Rows of both factors are 32 bytes longer than the product is deep.
void expect_exact(const GemmCase& c) {
  const int64_t stride = c.depth + 32;
  const std::vector<int8_t> a = digits(c.n_rows * stride, 0);
  const std::vector<int8_t> b = digits(c.n_columns * stride, 1 << 20);
  std::vector<int32_t> expected;
  for (int64_t i = 0; i < c.n_rows; ++i) {
    for (int64_t j = 0; j < c.n_columns; ++j) {
      int32_t sum = 0;
      for (int64_t k = 0; k < c.depth; ++k) {
        sum += a[static_cast<size_t>(i * stride + k)] * b[static_cast<size_t>(j * stride + k)];
      }
      expected.push_back(sum);
    }
  }
  for_each_schedule(3, [&] {
    const DeviceArray<int8_t> device_a(a);
    const DeviceArray<int8_t> device_b(b);
    DeviceArray<int32_t> sums(expected.size());
    TiledInt8Gemm().run({device_a.data(), stride, device_b.data(), stride, sums.data(), c.n_columns,
                         c.n_rows, c.n_columns, c.depth},
                        nullptr);
    ASSERT_EQ(sums.values(), expected) << c.n_rows << 'x' << c.depth << 'x' << c.n_columns;
  });
}

TEST(TiledInt8Gemm, IsExactAroundTheEdgesOfTiles) {
  for (const int64_t n_rows : {1, 31, 32, 33, 130}) {
    for (const int64_t n_columns : {16, 48, 144}) {
      for (const int64_t depth : {16, 112, 128, 144}) expect_exact({n_rows, n_columns, depth});
    }
  }
}

TEST(TiledInt8Gemm, IsExactInLargeTiles) { expect_exact({1 << 13, 128, 48}); }

TEST(TiledInt8Gemm, HoldsTheLongestSumOfTheLargestProducts) {
  const int64_t depth = kMaxInt8Depth / 16 * 16;
  const std::vector<int8_t> lowest(static_cast<size_t>(16 * depth), -128);
  for_each_schedule(1, [&] {
    const DeviceArray<int8_t> factor(lowest);
    DeviceArray<int32_t> sums(16);
    TiledInt8Gemm().run({factor.data(), depth, factor.data(), depth, sums.data(), 16, 1, 16, depth},
                        nullptr);
    EXPECT_EQ(sums.values(), std::vector<int32_t>(16, static_cast<int32_t>(depth * (1 << 14))));
  });
}

}  // namespace
}  // namespace reprotrain::kernels
