// SPDX-License-Identifier: Apache-2.0
// JSON text as a value that remembers where each of its parts stood, for messages with line and
// column.
//
// Strict: RFC 8259, UTF-8, no duplicate keys, no NUL characters, limited size and depth. Numbers
// are read from their raw text by std::from_chars: a whole number of magnitude up to 2^53 is kept
// as an integer, everything else becomes binary64, rounded to nearest; -0 becomes 0, and a number
// that binary64 cannot hold (1e999, 1e-999) is refused.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "harness/config/json_value.h"
#include "include/reprotrain/error.h"

namespace reprotrain::harness {

/// A place in a text: both count from 1, columns in characters (UTF-8 code points).
struct TextPlace {
  int64_t line = 0;
  int64_t column = 0;
  auto operator<=>(const TextPlace&) const = default;
};

struct JsonLimits {
  size_t size_bytes = size_t{4} << 20;
  int depth = 64;
};

/// A parsed text.
struct JsonDocument {
  std::string name;  ///< of the text in messages: a file's path or "--set a.b=1"
  Json value;
  std::map<std::string, TextPlace> key_places;    ///< JSON pointer of a member -> where its key is
  std::map<std::string, TextPlace> value_places;  ///< JSON pointer -> where the value begins
  std::map<std::string, std::string> overrides;   ///< JSON pointer -> "--set a.b=1" that put it

  /// Where the value at `pointer` comes from, "digits.json:7:3" or "--set a.b=1"; for a value that
  /// was filled in, where its nearest ancestor comes from.
  std::string where(std::string_view pointer) const;
  /// As where(), but for the key of the member.
  std::string where_key(std::string_view pointer) const;
};

/// Parses `text`. Throws Error(`kind`) with one sentence that begins with "name:line:column: ".
JsonDocument parse_json(std::string_view text, const std::string& name,
                        ErrorKind kind = ErrorKind::kConfig, const JsonLimits& limits = {});

/// Reads and parses a file. Throws Error(`kind`), also when the file cannot be read.
JsonDocument read_json_file(const std::string& path, ErrorKind kind = ErrorKind::kConfig,
                            const JsonLimits& limits = {});

/// `pointer` + "/" + `key`, with ~ and / escaped as RFC 6901 asks.
std::string child_pointer(std::string_view pointer, std::string_view key);
std::string child_pointer(std::string_view pointer, size_t index);

/// The place of byte `offset` of `text`.
TextPlace place_of_offset(std::string_view text, size_t offset);

}  // namespace reprotrain::harness
