// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/addition_cuda.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/conformance/device_array.h"
#include "kernels/conformance/test_values.h"
#include "kernels/elementwise/addition.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

TEST(AddCuda, HasTheBitsOfTheCpuInPlaceToo) {
  for (const size_t n : {0, 1, 33, 1025, 65537}) {
    std::vector<float> a(n), b(n), expected(n);
    for (size_t i = 0; i < n; ++i) {
      a[i] = element("wide", i);
      b[i] = element("wide", 1'000'000 + i);
    }
    add(a, b, expected, SerialParallel());
    testing::for_each_schedule([&] {
      const DeviceArray<float> first(a, 1), second(b), sum(n, 1);
      add_cuda(first.data(), second.data(), sum.data(), sum.size(), nullptr);
      EXPECT_EQ(testing::bit_patterns(sum.values()), testing::bit_patterns(expected)) << n;
      add_cuda(first.data(), second.data(), first.data(), first.size(), nullptr);
      EXPECT_EQ(testing::bit_patterns(first.values()), testing::bit_patterns(expected)) << n;
    });
  }
}

}  // namespace
}  // namespace reprotrain::kernels
