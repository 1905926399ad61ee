// SPDX-License-Identifier: Apache-2.0
#include "harness/config/schema_wording.h"

#include <algorithm>
#include <vector>

#include "harness/config/schema.h"
#include "harness/record/canonical_json.h"

namespace reprotrain::harness {
namespace {

constexpr size_t kLongestQuote = 60;

std::string noun(const std::string& type) {
  if (type == "integer") return "a whole number";
  if (type == "number") return "a number";
  if (type == "string") return "a text";
  if (type == "boolean") return "true or false";
  if (type == "array") return "a list";
  if (type == "object") return "an object";
  return "null";
}

std::vector<std::string> words_of(const Json& values) {
  std::vector<std::string> words;
  for (const Json& value : values) {
    words.push_back(value.is_string() ? value.get<std::string>() : canonical_json(value));
  }
  return words;
}

std::string describe_plain(const Json& node) {
  if (node.contains("const")) return in_quotes(node["const"].get<std::string>());
  if (node.contains("enum")) {
    const std::vector<std::string> words = words_of(node["enum"]);
    return words.size() == 1 ? words[0] : "one of " + join(words);
  }
  std::vector<std::string> nouns;
  for (const std::string& type : Schema::types(node)) nouns.push_back(noun(type));
  return join_or(nouns);
}

}  // namespace

std::string describe_value(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return value.empty() ? "an empty list" : "a list";
  std::string text = canonical_json(value);
  if (text.size() <= kLongestQuote) return text;
  size_t end = kLongestQuote;
  while ((static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u) --end;
  return text.substr(0, end) + "...";
}

std::string describe_type(const Json& node) {
  std::vector<std::string> kinds;
  for (const Json* alternative : Schema::alternatives(node)) {
    std::string kind = describe_plain(*alternative);
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
      kinds.push_back(std::move(kind));
  }
  return join_or(kinds);
}

std::string join(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string join_or(std::span<const std::string> words) {
  if (words.size() < 2) return join(words);
  return join(words.first(words.size() - 1)) + " or " + words.back();
}

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

}  // namespace reprotrain::harness
