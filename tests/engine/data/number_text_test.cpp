// SPDX-License-Identifier: Apache-2.0
#include "engine/data/number_text.h"

#include <gtest/gtest.h>

#include <charconv>
#include <random>
#include <string>

#include "kernels/base/float_bits.h"

namespace reprotrain::engine {
namespace {

using kernels::bits_of;

// What std::from_chars makes of a decimal.
double oracle(const std::string& text) {
  const size_t skip = text[0] == '+' ? 1 : 0;
  double value = 0.0;
  std::from_chars(text.data() + skip, text.data() + text.size(), value);
  return value;
}

std::string random_digits(std::mt19937_64& random, size_t length) {
  std::string digits;
  for (size_t i = 0; i < length; ++i) digits += static_cast<char>('0' + random() % 10);
  return digits;
}

std::string random_decimal(std::mt19937_64& random) {
  static const char* const kSigns[] = {"", "", "-", "+"};
  std::string text = kSigns[random() % 4];
  const size_t n_whole = random() % 12, n_decimals = random() % 12;
  text += random_digits(random, n_whole);
  if (n_decimals > 0 || n_whole == 0) {
    text.append(".").append(random_digits(random, std::max<size_t>(n_decimals, 1)));
  }
  return text;
}

TEST(NumberText, ShortDecimalsEqualFromCharsOnTwoMillionRandomTexts) {
  std::mt19937_64 random(20260101);
  int64_t n_short = 0;
  for (int i = 0; i < 2'000'000; ++i) {
    const std::string text = random_decimal(random);
    const std::string field = text + ",";
    double value = 0.0;
    const char* const end = scan_short_decimal(field.c_str(), value);
    if (end == nullptr) continue;
    ++n_short;
    ASSERT_EQ(end, field.c_str() + text.size()) << text;
    ASSERT_EQ(bits_of(value), bits_of(oracle(text))) << text;
  }
  EXPECT_GT(n_short, 1'500'000);
}

TEST(NumberText, TheGeneralWayEqualsFromCharsOnRandomTexts) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 300'000; ++i) {
    std::string text = random_decimal(random);
    if (random() % 2 == 0) {
      text.append(random() % 2 == 0 ? "e" : "E-").append(std::to_string(random() % 40));
    }
    double value = 0.0;
    ASSERT_EQ(parse_number(text, value), NumberText::kNumber) << text;
    ASSERT_EQ(bits_of(value), bits_of(oracle(text))) << text;
    if (text[0] == '+') continue;
    const std::string field = text + ",";
    ASSERT_EQ(scan_decimal(field.data(), field.data() + field.size(), value),
              field.data() + text.size());
    ASSERT_EQ(bits_of(value), bits_of(oracle(text))) << text;
  }
}

TEST(NumberText, TheGrammarIsExactlyTheWrittenOne) {
  double value = 0.0;
  for (const char* text : {"0", "-0", "+1", "1.", ".5", "-.5e1", "1e5", "1E+05", "1e-999", "00012",
                           "0e99999999999999999999"}) {
    EXPECT_EQ(parse_number(text, value), NumberText::kNumber) << text;
  }
  for (const char* text :
       {"",    "+",  "-",  ".",     "e5",    "1e",  "1e+", "1e5.0", "0x10", "inf",     "nan",
        "1 2", " 1", "1 ", "1,000", "1_000", "--1", "+-1", "1.2.3", "1f",   "\xd9\xa1"}) {
    EXPECT_EQ(parse_number(text, value), NumberText::kNotANumber) << text;
  }
}

TEST(NumberText, TextBecomesBinary64AndThenBinary32) {
  float value = 0.0f;
  // 1 + 2^-24 + 2^-60 lies above the tie between 1 and 1 + 2^-23, but its binary64 is the tie
  // itself.
  ASSERT_EQ(parse_number("1.000000059604644775390625867361737988", value), NumberText::kNumber);
  EXPECT_EQ(bits_of(value), 0x3f800000u);
  ASSERT_EQ(parse_number("1.0000000596046450", value), NumberText::kNumber);
  EXPECT_EQ(bits_of(value), 0x3f800001u);
  ASSERT_EQ(parse_number("-1e-400", value), NumberText::kNumber);
  EXPECT_EQ(bits_of(value), 0x80000000u);
  ASSERT_EQ(parse_number("1e-45", value), NumberText::kNumber);
  EXPECT_EQ(bits_of(value), 0x00000001u);
  ASSERT_EQ(parse_number("340282356779733620000000000000000000000", value), NumberText::kNumber);
  EXPECT_EQ(bits_of(value), 0x7f7fffffu);
  EXPECT_EQ(parse_number("340282356779733661637539395458142568448", value), NumberText::kTooLarge);
  EXPECT_EQ(parse_number("-1e309", value), NumberText::kTooLarge);
  double wide = 0.0;
  EXPECT_EQ(parse_number("1.8e308", wide), NumberText::kTooLarge);
  ASSERT_EQ(parse_number("3e-324", wide), NumberText::kNumber);
  EXPECT_EQ(bits_of(wide), 1u);
  ASSERT_EQ(parse_number("-2e-324", wide), NumberText::kNumber);
  EXPECT_EQ(bits_of(wide), 0x8000000000000000u);
}

TEST(ShortestDecimal, ReadsBackAndKeepsWholeNumbersPlain) {
  EXPECT_EQ(shortest_decimal(0.1), "0.1");
  EXPECT_EQ(shortest_decimal(0.1f), "0.1");
  EXPECT_EQ(shortest_decimal(100'000.0f), "100000");
  EXPECT_EQ(shortest_decimal(-0.0), "0");
  EXPECT_EQ(shortest_decimal(-12.0), "-12");
  EXPECT_EQ(shortest_decimal(1e300), "1e+300");
  EXPECT_EQ(shortest_decimal(0x1p53), "9007199254740992");
  EXPECT_EQ(shortest_decimal(kernels::float_from_bits(0xffc00000u)), "nan");
  EXPECT_EQ(shortest_decimal(kernels::float_from_bits(0xff800000u)), "-inf");
}

}  // namespace
}  // namespace reprotrain::engine
