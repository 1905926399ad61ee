// SPDX-License-Identifier: Apache-2.0
#include "engine/data/number_text.h"

#include <charconv>
#include <limits>
#include <system_error>

#include "kernels/base/float_bits.h"

namespace reprotrain::engine {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What the grammar check learns about a decimal.
struct Anatomy {
  bool valid = false;
  bool negative = false;
  bool zero = true;  // no digit but 0
  // Of non-zero decimals: the value is in [10^(magnitude - 1), 10^magnitude).
  int64_t magnitude = 0;
  std::string_view unsigned_text;
};

// Reads an optional sign and digits; saturates far beyond every exponent that matters.
bool read_exponent(std::string_view text, int64_t& exponent) {
  constexpr int64_t kSaturated = int64_t{1} << 40;
  size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) ++at;
  if (at == text.size()) return false;
  for (; at < text.size(); ++at) {
    if (!is_digit(text[at])) return false;
    if (exponent < kSaturated) exponent = exponent * 10 + (text[at] - '0');
  }
  if (negative) exponent = -exponent;
  return true;
}

Anatomy dissect(std::string_view text) {
  Anatomy anatomy;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    anatomy.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  anatomy.unsigned_text = text;
  bool point = false;
  int64_t n_digits = 0, n_whole = 0, first_nonzero = 0;
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !point) {
      point = true;
    } else if (is_digit(text[at])) {
      if (text[at] != '0' && anatomy.zero) {
        anatomy.zero = false;
        first_nonzero = n_digits;
      }
      ++n_digits;
      if (!point) ++n_whole;
    } else {
      break;
    }
  }
  if (n_digits == 0) return anatomy;
  int64_t exponent = 0;
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return anatomy;
    if (!read_exponent(text.substr(at + 1), exponent)) return anatomy;
  }
  anatomy.magnitude = n_whole - first_nonzero + exponent;
  anatomy.valid = true;
  return anatomy;
}

template <typename T>
std::string shortest(T value) {
  constexpr T kWholeLimit = static_cast<T>(0x1p53);
  if (kernels::is_nan(value)) return "nan";
  char text[64];
  const bool whole = value > -kWholeLimit && value < kWholeLimit &&
                     static_cast<T>(static_cast<int64_t>(value)) == value;
  const auto result = whole ? std::to_chars(text, text + sizeof text, static_cast<int64_t>(value))
                            : std::to_chars(text, text + sizeof text, value);
  return {text, result.ptr};
}

}  // namespace

std::string shortest_decimal(double value) { return shortest(value); }
std::string shortest_decimal(float value) { return shortest(value); }

const char* scan_decimal(const char* begin, const char* limit, double& value) {
  // What from_chars accepts beyond the grammar starts with a letter: inf and nan.
  const char* const first = begin + (begin != limit && *begin == '-' ? 1 : 0);
  if (first == limit || !(is_digit(*first) || *first == '.')) return nullptr;
  const auto result = std::from_chars(begin, limit, value);
  return result.ec == std::errc() ? result.ptr : nullptr;
}

NumberText parse_number(std::string_view text, double& value) {
  const Anatomy anatomy = dissect(text);
  if (!anatomy.valid) return NumberText::kNotANumber;
  double magnitude = 0.0;
  if (!anatomy.zero) {
    const char* const begin = anatomy.unsigned_text.data();
    const auto result = std::from_chars(begin, begin + anatomy.unsigned_text.size(), magnitude);
    if (result.ec == std::errc::result_out_of_range) {
      if (anatomy.magnitude > 0) return NumberText::kTooLarge;
      magnitude = 0.0;
    }
    if (!kernels::is_finite(magnitude)) return NumberText::kTooLarge;
  }
  value = anatomy.negative ? -magnitude : magnitude;
  return NumberText::kNumber;
}

NumberText parse_number(std::string_view text, float& value) {
  double wide = 0.0;
  const NumberText result = parse_number(text, wide);
  if (result != NumberText::kNumber) return result;
  const auto narrow = static_cast<float>(wide);
  if (!kernels::is_finite(narrow)) return NumberText::kTooLarge;
  value = narrow;
  return NumberText::kNumber;
}

}  // namespace reprotrain::engine
