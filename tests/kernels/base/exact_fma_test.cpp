// SPDX-License-Identifier: Apache-2.0
#include "kernels/base/exact_fma.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/base/float_bits.h"

namespace reprotrain::kernels {
namespace {

void expect_correct(float a, float b, float c) {
  const uint32_t expected = bits_of(canonical(std::fma(a, b, c)));
  ASSERT_EQ(bits_of(canonical(emulated_fma(a, b, c))), expected)
      << std::hexfloat << a << " * " << b << " + " << c;
  ASSERT_EQ(bits_of(canonical(exact_fma(a, b, c))), expected);
}

TEST(ExactFma, AgreesWithTheCLibraryOnArbitraryBitPatterns) {
  std::mt19937 random(1);
  const auto any = [&] { return float_from_bits(static_cast<uint32_t>(random())); };
  for (int i = 0; i < 2'000'000; ++i) expect_correct(any(), any(), any());
}

TEST(ExactFma, AgreesWhereTheSumAlmostCancelsOrTies) {
  std::mt19937 random(2);
  for (int i = 0; i < 2'000'000; ++i) {
    const auto near_one = [&] { return float_from_bits(0x3f800000u | (random() & 0x807fffffu)); };
    const float a = near_one();
    const float b = near_one();
    const float product = a * b;
    const auto nudge = static_cast<int32_t>(random() % 5) - 2;
    expect_correct(a, b, -float_from_bits(bits_of(product) + static_cast<uint32_t>(nudge)));
    expect_correct(a, b, std::ldexp(near_one(), static_cast<int>(random() % 60) - 30));
  }
}

TEST(ExactFma, RoundsOnceWhereBinary64WouldSeeATie) {
  // Products 2^33 + 1 and 2^33 - 1, scaled so that the sum lies 2^-57 beside the middle of two
  // floats.
  const float factors[][2] = {{411849.0f, 20857.0f}, {14329.0f, 599479.0f}};
  for (const auto& [a, b] : factors) {
    for (uint32_t fraction : {0u, 1u, 2u, 3u, 0x400000u, 0x7ffffeu, 0x7fffffu}) {
      for (int shift : {0, 60, -40, -100}) {
        const float addend = std::ldexp(float_from_bits(0x3f800000u | fraction), shift);
        const float scaled = std::ldexp(a, shift - 57);
        for (float sign : {1.0f, -1.0f}) {
          expect_correct(sign * scaled, b, addend);
          expect_correct(sign * scaled, b, -addend);
        }
      }
    }
  }
}

TEST(ExactFma, RoundsOnceIntoTheSubnormalRange) {
  std::mt19937 random(3);
  for (int i = 0; i < 2'000'000; ++i) {
    const auto of_field = [&](uint32_t lowest, uint32_t n) {
      return float_from_bits(
          static_cast<uint32_t>((random() & 0x807fffffu) | (lowest + random() % n) << 23));
    };
    expect_correct(of_field(50, 20), of_field(50, 20), of_field(0, 4));
  }
}

TEST(ExactFma, KeepsInfinitiesNansAndSignsOfZero) {
  const float specials[] = {0.0f,      -0.0f, 1.0f,      -1.0f,           INFINITY,
                            -INFINITY, NAN,   0x1p-149f, 0x1.fffffep127f, -0x1.fffffep127f};
  for (float a : specials) {
    for (float b : specials) {
      for (float c : specials) expect_correct(a, b, c);
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
