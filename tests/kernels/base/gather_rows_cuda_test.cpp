// SPDX-License-Identifier: Apache-2.0
#include "kernels/base/gather_rows_cuda.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/conformance/device_array.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

TEST(GatherRowsCuda, CopiesRowsInTheirOrderFromAnyAddress) {
  constexpr int64_t kSourceRows = 40;
  for (const int64_t width : {1, 3, 4, 17, 64}) {
    std::vector<int32_t> source;
    for (int64_t i = 0; i < kSourceRows * width; ++i) source.push_back(static_cast<int32_t>(i));
    for (const int64_t n_rows : {0, 1, 5, 300}) {
      std::vector<int64_t> rows;
      std::vector<int32_t> expected;
      for (int64_t i = 0; i < n_rows; ++i) {
        rows.push_back(i * 7 % kSourceRows);
        for (int64_t j = 0; j < width; ++j) {
          expected.push_back(static_cast<int32_t>(rows.back() * width + j));
        }
      }
      for (const size_t offset : {0, 1}) {
        testing::for_each_schedule([&] {
          const DeviceArray<int32_t> from(source, offset), to(n_rows * width, offset);
          const DeviceArray<int64_t> chosen(rows);
          gather_rows_cuda(from.data(), width * 4, chosen.data(), n_rows, to.data(), nullptr);
          EXPECT_EQ(to.values(), expected) << width << " " << n_rows << " " << offset;
        });
      }
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
