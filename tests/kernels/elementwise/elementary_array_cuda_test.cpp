// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/elementary_array_cuda.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/conformance/device_array.h"
#include "kernels/conformance/test_values.h"
#include "kernels/elementwise/elementary_array.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

using testing::bit_patterns;
using testing::for_each_schedule;

struct Function {
  const char* name;
  void (*cpu)(const float* x, float* y, int64_t n);
  void (*cuda)(const float* x, float* y, int64_t n, cudaStream_t stream);
  void (*by_estimate)(const float* x, float* y, int64_t n, cudaStream_t stream,
                      rounded::EstimateIn estimate);
};

constexpr Function kFunctions[] = {
    {"exp", rounded::exp_array, rounded::exp_array_cuda,
     rounded::elementary_array_cuda<rounded::Exp>},
    {"log", rounded::log_array, rounded::log_array_cuda,
     rounded::elementary_array_cuda<rounded::Log>},
    {"log1p", rounded::log1p_array, rounded::log1p_array_cuda,
     rounded::elementary_array_cuda<rounded::Log1p>},
    {"expm1", rounded::expm1_array, rounded::expm1_array_cuda,
     rounded::elementary_array_cuda<rounded::Expm1>},
    {"tanh", rounded::tanh_array, rounded::tanh_array_cuda,
     rounded::elementary_array_cuda<rounded::Tanh>},
    {"sigmoid", rounded::sigmoid_array, rounded::sigmoid_array_cuda,
     rounded::elementary_array_cuda<rounded::Sigmoid>},
    {"erf", rounded::erf_array, rounded::erf_array_cuda,
     rounded::elementary_array_cuda<rounded::Erf>},
    {"gelu", rounded::gelu_array, rounded::gelu_array_cuda,
     rounded::elementary_array_cuda<rounded::Gelu>},
    {"gelu_derivative", rounded::gelu_derivative_array, rounded::gelu_derivative_array_cuda,
     rounded::elementary_array_cuda<rounded::GeluDerivative>},
};

/// Arguments of all sizes, undecided ones (gelu's subnormal ties) and rules in between.
std::vector<float> mixed_arguments(size_t n) {
  std::vector<float> x = generated_floats(11, 90, 50, n);
  for (size_t i = 0; i < n; i += 7) x[i] = float_from_bits(static_cast<uint32_t>(i) * 2 + 1);
  for (size_t i = 3; i < n; i += 29) x[i] = float_from_bits(0xff812345u);
  for (size_t i = 5; i < n; i += 31) x[i] = float_from_bits(0xff800000u);
  return x;
}

std::vector<float> cpu_values(const Function& function, const std::vector<float>& x) {
  std::vector<float> y(x.size());
  function.cpu(x.data(), y.data(), static_cast<int64_t>(x.size()));
  return y;
}

TEST(ElementaryArrayCuda, HasTheCpusBitsAtEverySizeAndAlignment) {
  for (const size_t n : {0, 1, 31, 32, 33, 255, 256, 257, 1023, 1025}) {
    const std::vector<float> x = mixed_arguments(n);
    for (const Function& function : kFunctions) {
      const auto expected = bit_patterns(cpu_values(function, x));
      for_each_schedule([&] {
        for (const size_t offset : {0, 1, 3}) {
          const DeviceArray<float> input(x, offset);
          DeviceArray<float> output(n, offset);
          function.cuda(input.data(), output.data(), input.size(), nullptr);
          EXPECT_EQ(bit_patterns(output.values()), expected)
              << function.name << ", n = " << n << ", offset " << offset;
        }
      });
    }
  }
}

TEST(ElementaryArrayCuda, HasTheCpusBitsWhereThreadsDoSeveralQuads) {
  const std::vector<float> x = mixed_arguments(65537);
  for (const Function& function : kFunctions) {
    const auto expected = bit_patterns(cpu_values(function, x));
    for_each_schedule([&] {
      DeviceArray<float> array(x);  // in place
      function.cuda(array.data(), array.data(), array.size(), nullptr);
      EXPECT_EQ(bit_patterns(array.values()), expected) << function.name;
    });
  }
}

TEST(ElementaryArrayCuda, HasTheCpusBitsWhateverTheEstimateIsIn) {
  const std::vector<float> x = mixed_arguments(16385);
  for (const Function& function : kFunctions) {
    const auto expected = bit_patterns(cpu_values(function, x));
    for (const auto estimate :
         {rounded::EstimateIn::kBinary64, rounded::EstimateIn::kBinary32Pair}) {
      for_each_schedule(2, [&] {
        DeviceArray<float> array(x);
        function.by_estimate(array.data(), array.data(), array.size(), nullptr, estimate);
        EXPECT_EQ(bit_patterns(array.values()), expected)
            << function.name << ", estimate " << static_cast<int>(estimate);
      });
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
