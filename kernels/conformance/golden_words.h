// SPDX-License-Identifier: Apache-2.0
// Numbers as the words of a golden line: bit patterns in hexadecimal, counts in decimal.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/base/float_bits.h"
#include "kernels/conformance/golden.h"

namespace reprotrain::kernels {

inline uint64_t number_of(const std::string& word, int base) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (error != std::errc() || end != word.data() + word.size()) {
    throw std::runtime_error("a golden line holds '" + word + "' where a number belongs");
  }
  return value;
}

/// The words of one side of a line, taken one after the other.
class WordReader {
 public:
  explicit WordReader(const Words& words) : words_(words) {}

  bool at_end() const { return next_ == words_.size(); }
  const std::string& text() {
    if (at_end()) throw std::runtime_error("a golden line ends too early");
    return words_[next_++];
  }
  uint64_t decimal() { return number_of(text(), 10); }
  int64_t count() { return static_cast<int64_t>(decimal()); }
  bool flag() { return decimal() != 0; }
  uint64_t hex() { return number_of(text(), 16); }
  uint32_t hex32() { return static_cast<uint32_t>(hex()); }
  /// "0.15": the nearest number.
  double decimal_binary64() {
    const std::string& word = text();
    double value = 0.0;
    const char* end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, value);
    if (error != std::errc() || stop != end) {
      throw std::runtime_error("a golden line holds '" + word + "' where a fraction belongs");
    }
    return value;
  }
  float binary32() { return float_from_bits(hex32()); }
  double binary64() { return double_from_bits(hex()); }

  std::vector<float> binary32_rest() {
    std::vector<float> values;
    while (!at_end()) values.push_back(binary32());
    return values;
  }

 private:
  const Words& words_;
  size_t next_ = 0;
};

inline std::string hex_word(uint64_t value, int n_digits) {
  std::string word;
  for (int shift = 4 * (n_digits - 1); shift >= 0; shift -= 4) {
    word.push_back("0123456789abcdef"[value >> shift & 15]);
  }
  return word;
}
inline std::string word_of(uint32_t value) { return hex_word(value, 8); }
inline std::string word_of(uint64_t value) { return hex_word(value, 16); }
/// NaNs as the canonical one: their payloads are not specified.
inline std::string word_of(float value) { return word_of(bits_of(canonical(value))); }
inline std::string word_of(double value) { return word_of(bits_of(canonical(value))); }

inline void append_words(std::span<const float> values, Words& words) {
  for (const float value : values) words.push_back(word_of(value));
}

/// The argument at several places of a longer array, so that vector lanes, rims and the rare
/// element that needs a second look are all met.
inline constexpr size_t kCopies = 33;

/// One word for an array of equal values, "varies" for any other.
inline std::string word_of_all(std::span<const float> values) {
  for (const float value : values) {
    if (bits_of(canonical(value)) != bits_of(canonical(values[0]))) return "varies";
  }
  return word_of(values[0]);
}

}  // namespace reprotrain::kernels
