// SPDX-License-Identifier: Apache-2.0
#include "engine/data/canonical_name.h"

#include <array>
#include <utility>

namespace reprotrain::engine {

namespace {

using Escape = std::pair<char, std::string_view>;
constexpr std::array<Escape, 4> kEscapes = {
    {{'%', "%25"}, {'/', "%2F"}, {'\0', "%00"}, {'.', "%2E"}}};

}  // namespace

std::string to_link_name(std::string_view column) {
  if (column.empty()) return "%";
  if (column == ".") return "%2E";
  std::string link;
  for (const char c : column) {
    std::string_view escape;
    for (const auto& [plain, text] : kEscapes) {
      if (c == plain && c != '.') escape = text;
    }
    if (escape.empty()) {
      link += c;
    } else {
      link += escape;
    }
  }
  return link;
}

std::optional<std::string> from_link_name(std::string_view link) {
  std::string column;
  for (size_t i = 0; i < link.size() && link != "%";) {
    if (link[i] != '%') {
      column += link[i++];
      continue;
    }
    for (const auto& [plain, text] : kEscapes) {
      if (link.substr(i, 3) == text) column += plain;
    }
    i += 3;
  }
  // Exactly one spelling each: everything else would let two links be one column.
  return to_link_name(column) == link ? std::optional(column) : std::nullopt;
}

}  // namespace reprotrain::engine
