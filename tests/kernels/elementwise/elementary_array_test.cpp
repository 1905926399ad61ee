// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/elementary_array.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/base/cpu_path.h"
#include "kernels/base/float_bits.h"
#include "kernels/conformance/test_values.h"
#include "tests/oracle/mpfr_functions.h"

namespace reprotrain {
namespace {

using kernels::bits_of;

constexpr float kGarbage = 12345.0f;

/// Arguments of all sizes, rules and undecided ones (gelu's subnormal ties) in between.
std::vector<float> mixed_arguments(size_t n) {
  std::vector<float> x = kernels::generated_floats(11, 90, 50, n);
  for (size_t i = 0; i < n; i += 7)
    x[i] = kernels::float_from_bits(static_cast<uint32_t>(i) * 2 + 1);
  for (size_t i = 3; i < n; i += 29) x[i] = kernels::float_from_bits(0xff812345u);
  for (size_t i = 5; i < n; i += 31) x[i] = kernels::float_from_bits(0xff800000u);
  return x;
}

void expect_scalar_bits(const oracle::Function& function, const std::vector<float>& x,
                        size_t offset) {
  const size_t n = x.size() - offset;
  std::vector<float> y(x.size() + 1, kGarbage);
  function.array(x.data() + offset, y.data() + offset, static_cast<int64_t>(n));
  size_t n_different = 0;
  for (size_t i = offset; i < x.size(); ++i) {
    n_different += bits_of(y[i]) != bits_of(function.rounded(x[i]));
  }
  EXPECT_EQ(n_different, 0u) << function.name << ", n = " << n << ", offset " << offset << ", "
                             << name_of(kernels::cpu_path());
  EXPECT_EQ(y[x.size()], kGarbage) << function.name << " wrote past the end";
  if (offset > 0) {
    EXPECT_EQ(y[offset - 1], kGarbage) << function.name;
  }
}

TEST(ElementaryArray, HasTheBitsOfTheScalarFormAtEverySizeAndAlignmentOnEveryPath) {
  for (const kernels::CpuPath path : kernels::available_cpu_paths()) {
    const kernels::CpuPathScope scope(path);
    for (const oracle::Function& function : oracle::functions()) {
      for (const size_t n : {0, 1, 31, 32, 33, 255, 256, 257, 511, 512, 513, 1023, 1025, 65537}) {
        for (const size_t offset : {0, 1, 3}) {
          expect_scalar_bits(function, mixed_arguments(n + offset), offset);
        }
      }
    }
  }
}

/// Blocks that a first estimate decides but for a few, and blocks that it leaves undecided.
TEST(ElementaryArray, HasTheBitsOfTheScalarFormWhetherFewOrManyAreUndecided) {
  std::vector<float> ordinary(65536), tiny(4096);
  for (size_t i = 0; i < ordinary.size(); ++i) {
    ordinary[i] = -4.0f + 0x1p-13f * static_cast<float>(i);
  }
  for (size_t i = 0; i < tiny.size(); ++i) {
    tiny[i] = kernels::float_from_bits(static_cast<uint32_t>(0x00700000u + 977 * i));
  }
  for (const kernels::CpuPath path : kernels::available_cpu_paths()) {
    const kernels::CpuPathScope scope(path);
    for (const oracle::Function& function : oracle::functions()) {
      expect_scalar_bits(function, ordinary, 0);
      expect_scalar_bits(function, tiny, 0);
    }
  }
}

TEST(ElementaryArray, WorksInPlace) {
  const std::vector<float> x = mixed_arguments(1025);
  for (const oracle::Function& function : oracle::functions()) {
    std::vector<float> y = x;
    function.array(y.data(), y.data(), static_cast<int64_t>(y.size()));
    for (size_t i = 0; i < y.size(); ++i) {
      ASSERT_EQ(bits_of(y[i]), bits_of(function.rounded(x[i]))) << function.name << " at " << i;
    }
  }
}

}  // namespace
}  // namespace reprotrain
