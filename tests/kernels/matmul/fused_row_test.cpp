// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul/fused_row.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <random>

#include "kernels/base/float_bits.h"

namespace reprotrain::kernels {
namespace {

constexpr int kVectors = 4;
constexpr int kNumbers = 16;
using Numbers = std::array<float, kNumbers>;
using Random = std::mt19937;

void expect_correct(float a, const Numbers& b, const Numbers& addends) {
  FusedRow<kVectors>::Floats sums[kVectors];
  memcpy(sums, addends.data(), sizeof sums);
  FusedRow<kVectors>(b.data()).add_times(a, sums);
  Numbers results;
  memcpy(results.data(), sums, sizeof sums);
  for (size_t j = 0; j < kNumbers; ++j) {
    ASSERT_EQ(bits_of(canonical(results[j])), bits_of(canonical(std::fma(a, b[j], addends[j]))))
        << std::hexfloat << a << " * " << b[j] << " + " << addends[j];
  }
}

/// Rows of factors and addends whose bits come from two sources.
void expect_correct_for(const std::function<uint32_t(Random&)>& factor_bits,
                        const std::function<uint32_t(Random&)>& addend_bits) {
  Random random(5);
  for (int row = 0; row < 100'000; ++row) {
    Numbers b, addends;
    for (float& number : b) number = float_from_bits(factor_bits(random));
    for (float& number : addends) number = float_from_bits(addend_bits(random));
    ASSERT_NO_FATAL_FAILURE(expect_correct(float_from_bits(factor_bits(random)), b, addends));
  }
}

/// Bits with one of `n` exponent fields from `lowest` on, and a significand under `mask`.
std::function<uint32_t(Random&)> of_fields(uint32_t lowest, uint32_t n, uint32_t mask) {
  return [=](Random& random) {
    const auto significand = static_cast<uint32_t>(random()) & (0x80000000u | mask);
    return significand | (lowest + static_cast<uint32_t>(random()) % n) << 23;
  };
}

TEST(FusedRow, AgreesWithTheCLibraryOnArbitraryBitPatterns) {
  const auto any = [](Random& random) { return static_cast<uint32_t>(random()); };
  expect_correct_for(any, any);
}

TEST(FusedRow, AgreesWhereSumsOfFewBitsTie) {
  expect_correct_for(of_fields(120, 8, 0x700000), of_fields(120, 30, 0x7fffff));
  expect_correct_for(of_fields(127, 1, 0x7fffff), of_fields(104, 48, 0x7fffff));
}

TEST(FusedRow, RoundsOnceIntoTheSubnormalRange) {
  expect_correct_for(of_fields(50, 20, 0x7fffff), of_fields(0, 4, 0x7fffff));
  expect_correct_for(of_fields(50, 8, 0x600000), of_fields(0, 1, 3));
}

/// One factor and addend among zeros, in every place and with both signs.
void expect_correct_alone(float a, float b, float addend) {
  for (size_t place = 0; place < kNumbers; ++place) {
    Numbers factors{}, addends{};
    factors[place] = b;
    addends[place] = addend;
    expect_correct(a, factors, addends);
    expect_correct(-a, factors, addends);
  }
}

TEST(FusedRow, RoundsOnceBesideAMiddle) {
  // Products 2^33 + 1 and 2^33 - 1, scaled so that the sum lies 2^-57 (relative) beside the middle
  // of two floats, normal ones and then subnormal ones: in binary64 it is the middle.
  const float factors[][2] = {{411849.0f, 20857.0f}, {14329.0f, 599479.0f}};
  for (const auto& [a, b] : factors) {
    for (uint32_t fraction : {0u, 1u, 2u, 3u, 0x200000u, 0x3ffffeu, 0x3fffffu}) {
      expect_correct_alone(std::ldexp(a, -57), b, float_from_bits(0x3f800000u | fraction));
      expect_correct_alone(std::ldexp(a, -100), std::ldexp(b, -83),
                           float_from_bits(0x00400000u | fraction));
    }
  }
}

TEST(FusedRow, KeepsInfinitiesNansAndSignsOfZero) {
  const float specials[] = {0.0f,      -0.0f, 1.0f,      -1.0f,           INFINITY,
                            -INFINITY, NAN,   0x1p-149f, 0x1.fffffep127f, -0x1.fffffep127f};
  for (float a : specials) {
    for (float b : specials) {
      for (float addend : specials) {
        Numbers factors, addends;
        factors.fill(b);
        addends.fill(addend);
        expect_correct(a, factors, addends);
      }
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
