// SPDX-License-Identifier: Apache-2.0
// Decimal text -> binary64 -> binary32, and back, the same on every machine.
//
// A number is  [+-] digits [. digits] [(e|E) [+-] digits]  with a digit before or after the point;
// nothing else is one: no hexadecimal, no "inf" or "nan", no grouping, no locale. Its value is the
// binary64 nearest to the decimal (ties to even), then rounded once more to binary32.
//
// Why two ways: most fields are short. With a significand of at most 2^53 and at most 22 decimals,
// significand and power of ten are exact in binary64 and one division rounds correctly, so the
// result is that of std::from_chars (tested on random texts), several times faster.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace reprotrain::engine {

enum class NumberText {
  kNumber,
  kNotANumber,
  kTooLarge,  ///< the decimal exceeds the largest finite value of the type
};

/// Parses the whole of `text`; `value` is set on kNumber only. Decimals too small for the type
/// become subnormal or zero, with their sign.
NumberText parse_number(std::string_view text, double& value);
NumberText parse_number(std::string_view text, float& value);

/// The shortest decimal that reads back as the same number; whole numbers below 2^53 without
/// exponent, and zeros without a sign. "nan", "inf" and "-inf" where there is no decimal.
std::string shortest_decimal(double value);
std::string shortest_decimal(float value);

/// Parses the number at `begin`, of any length, and returns its end, or nullptr when there is none,
/// when it starts with a plus, or when it is out of the range of binary64.
const char* scan_decimal(const char* begin, const char* limit, double& value);

/// Parses a short decimal without exponent at `begin`, which must be followed, somewhere, by a byte
/// that no number contains. Returns the end of its digits, or nullptr when the text is not that
/// simple (which says nothing about whether it is a number).
inline const char* scan_short_decimal(const char* begin, double& value) {
  static constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                            1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                            1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const auto is_digit = [](char c) { return static_cast<unsigned char>(c - '0') < 10; };
  const char* cursor = begin;
  const bool negative = *cursor == '-';
  if (negative || *cursor == '+') ++cursor;
  const char* const digits = cursor;
  uint64_t significand = 0;
  for (; is_digit(*cursor); ++cursor) {
    significand = significand * 10 + static_cast<uint64_t>(*cursor - '0');
  }
  int64_t n_digits = cursor - digits;
  int64_t n_decimals = 0;
  if (*cursor == '.') {
    const char* const decimals = ++cursor;
    for (; is_digit(*cursor); ++cursor) {
      significand = significand * 10 + static_cast<uint64_t>(*cursor - '0');
    }
    n_decimals = cursor - decimals;
    n_digits += n_decimals;
  }
  // 19 digits cannot have overflowed 64 bits.
  if (n_digits == 0 || n_digits > 19 || significand > (uint64_t{1} << 53)) return nullptr;
  const double magnitude = static_cast<double>(significand) / kPowersOfTen[n_decimals];
  value = negative ? -magnitude : magnitude;
  return cursor;
}

}  // namespace reprotrain::engine
