// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/activation_cuda.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/conformance/device_array.h"
#include "kernels/conformance/test_values.h"
#include "kernels/elementwise/activation.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

using testing::bit_patterns;
using testing::for_each_schedule;

/// Zeros, infinities and NaNs among them.
std::vector<float> values(size_t n, uint64_t first) {
  std::vector<float> x;
  for (size_t i = 0; i < n; ++i) x.push_back(element("special", first + i));
  return x;
}

void check_size(const ActivationKernel& cpu, const ActivationKernelCuda& cuda, size_t n) {
  const std::vector<float> x = values(n, 0);
  std::vector<float> y(n);
  cpu.forward(x, y, SerialParallel());
  for_each_schedule([&] {
    for (const size_t offset : {0, 1}) {
      const DeviceArray<float> device_x(x, offset);
      const DeviceArray<float> device_y(n, offset);
      cuda.forward(device_x.data(), device_y.data(), device_x.size(), nullptr);
      EXPECT_EQ(bit_patterns(device_y.values()), bit_patterns(y)) << cuda.name << ", n = " << n;
    }
  });
}

TEST(ActivationCuda, HasTheCpusBitsAtEverySizeAndAlignment) {
  ASSERT_EQ(activation_list_cuda().size(), activation_list().size());
  for (size_t a = 0; a < activation_list().size(); ++a) {
    const ActivationKernel& cpu = activation_list()[a];
    const ActivationKernelCuda& cuda = activation_list_cuda()[a];
    ASSERT_EQ(cpu.name, cuda.name);
    EXPECT_EQ(find_activation_cuda(cpu.name), &cuda);
    for (const size_t n : {0, 1, 31, 32, 33, 255, 256, 257, 1023, 1025, 65537}) {
      check_size(cpu, cuda, n);
    }
  }
  EXPECT_EQ(find_activation_cuda("swish"), nullptr);
}

TEST(ActivationCuda, HasTheCpusBitsWhateverTheEstimatesAreIn) {
  for (const auto estimate : {rounded::EstimateIn::kBinary64, rounded::EstimateIn::kBinary32Pair}) {
    SCOPED_TRACE(static_cast<int>(estimate));
    const auto list = activation_list_cuda(estimate);
    ASSERT_EQ(list.size(), activation_list().size());
    for (size_t a = 0; a < list.size(); ++a) check_size(activation_list()[a], list[a], 4097);
  }
}

}  // namespace
}  // namespace reprotrain::kernels
