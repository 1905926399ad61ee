// SPDX-License-Identifier: Apache-2.0
#include "harness/config/json_syntax.h"

#include <optional>

namespace reprotrain::harness {
namespace {

constexpr size_t kLongestExcerpt = 24;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_structure(char c) {
  return c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':' || c == '"';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0u) == 0x80u; }

// The token at `offset` as a reader would quote it.
std::string excerpt(std::string_view text, size_t offset) {
  const auto first = static_cast<unsigned char>(text[offset]);
  if (first < 0x20) return "a control character (code " + std::to_string(first) + ")";
  size_t end = offset + 1;
  const auto goes_on = [&](char c) {
    return static_cast<unsigned char>(c) > 0x20 && !is_structure(c);
  };
  if (!is_structure(text[offset])) {
    while (end < text.size() && goes_on(text[end])) ++end;
  }
  std::string word;
  word += '\'';
  if (end - offset <= kLongestExcerpt) {
    word += text.substr(offset, end - offset);
  } else {
    end = offset + kLongestExcerpt;
    while (is_continuation(text[end])) --end;
    word += text.substr(offset, end - offset);
    word += "...";
  }
  word += '\'';
  return word;
}

// A string whose opening quote stands at `offset` and that the parser refused.
JsonSyntaxProblem explain_string(std::string_view text, size_t offset) {
  for (size_t i = offset + 1; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (text[i] == '"') break;
    if (byte == '\n' || byte == '\r') {
      return {offset,
              "this text has no closing '\"' on its line; line breaks inside are written \\n"};
    }
    if (byte < 0x20) {
      return {i, "a control character inside a text must be escaped; a tab is written \\t"};
    }
    if (text[i] != '\\') continue;
    if (i + 1 >= text.size()) break;
    constexpr std::string_view kEscapes = "\"\\/bfnrtu";
    if (kEscapes.find(text[i + 1]) == std::string_view::npos) {
      return {
          i, std::string("'\\") + text[i + 1] + "' is no JSON escape; a backslash is written \\\\"};
    }
    if (text[i + 1] == 'u') {
      return {i,
              "this \\u escape is not four hexadecimal digits that make a character, or one of a "
              "pair is missing"};
    }
    ++i;
  }
  return {offset, "this text has no closing '\"' before the end of the file"};
}

// What stands at `offset` can't begin any JSON value; nullopt when it could.
std::optional<std::string> explain_non_value(std::string_view text, size_t offset) {
  const std::string_view rest = text.substr(offset);
  const auto begins = [&](std::string_view word) { return rest.substr(0, word.size()) == word; };
  if (begins("//") || begins("/*") || begins("#")) return "JSON has no comments; remove this one";
  if (begins("'")) return "texts are written in double quotes (\"), not single ones";
  if (begins("NaN") || begins("nan") || begins("Infinity") || begins("-Infinity") ||
      begins("inf") || begins("-inf")) {
    return "JSON has no number called " + excerpt(text, offset);
  }
  if (begins("True") || begins("TRUE")) return "write true in lower case";
  if (begins("False") || begins("FALSE")) return "write false in lower case";
  if (begins("None") || begins("NULL") || begins("Null")) return "write null for \"no value\"";
  if (begins("+") || begins(".") || begins("-")) {
    return excerpt(text, offset) + " is no JSON number; write it like -0.5 or 1e-3";
  }
  if (!is_digit(rest[0])) return std::nullopt;
  const size_t end = rest.find_first_not_of("0123456789");
  if (rest[0] == '0' && end != 1) {
    return excerpt(text, offset) + " is no JSON number; leading zeros are not allowed";
  }
  return excerpt(text, offset) + " is no JSON number; write it like 0.5 or 1e-3";
}

JsonSyntaxProblem explain_value(std::string_view text, size_t offset, const std::string& expected) {
  if (offset >= text.size()) return {offset, "the text ends where " + expected + " was expected"};
  if (text[offset] == '"') return explain_string(text, offset);
  if (const auto sentence = explain_non_value(text, offset)) return {offset, *sentence};
  return {offset, "expected " + expected + ", found " + excerpt(text, offset)};
}

JsonSyntaxProblem explain_key(std::string_view text, size_t offset, const std::string& expected) {
  if (offset < text.size() && text[offset] != '"') {
    const std::optional<std::string> sentence =
        text[offset] == '\'' || text[offset] == '/' || text[offset] == '#'
            ? explain_non_value(text, offset)
            : std::nullopt;
    return {offset, sentence.value_or("expected " + expected + ", found " + excerpt(text, offset))};
  }
  return explain_value(text, offset, expected);
}

// After a member or an element: either `close`, or ',' and then what explain_next makes of it.
template <typename ExplainNext>
JsonSyntaxProblem explain_continuation(std::string_view text, size_t offset, char close,
                                       ExplainNext explain_next) {
  const std::string either = std::string("',' or '") + close + "'";
  if (offset >= text.size()) return {offset, "the text ends where " + either + " was expected"};
  if (text[offset] == '/' || text[offset] == '#') {
    return {offset, "JSON has no comments; remove this one"};
  }
  if (text[offset] != ',')
    return {offset, "expected " + either + ", found " + excerpt(text, offset)};
  const size_t next = skip_json_space(text, offset + 1);
  if (next < text.size() && text[next] == close) {
    return {offset, std::string("this ',' is followed by '") + close + "'; remove it"};
  }
  return explain_next(next);
}

}  // namespace

size_t skip_json_space(std::string_view text, size_t offset) {
  while (offset < text.size() && is_space(text[offset])) ++offset;
  return offset;
}

JsonSyntaxProblem explain_json_syntax(std::string_view text, size_t offset,
                                      JsonExpectation expected) {
  offset = skip_json_space(text, offset);
  switch (expected) {
    case JsonExpectation::kDocument:
      return explain_value(text, offset, "a JSON value");
    case JsonExpectation::kEnd: {
      if (offset >= text.size()) return {offset, "the text ends too early"};
      return {offset, "expected the end of the text, found " + excerpt(text, offset)};
    }
    case JsonExpectation::kFirstKey:
      return explain_key(text, offset, "a key in double quotes or '}'");
    case JsonExpectation::kColon: {
      if (offset < text.size() && text[offset] == ':') {
        return explain_value(text, skip_json_space(text, offset + 1), "a value");
      }
      if (offset >= text.size()) return {offset, "the text ends where ':' was expected"};
      return {offset, "expected ':' after the key, found " + excerpt(text, offset)};
    }
    case JsonExpectation::kFirstElement:
      return explain_value(text, offset, "a value or ']'");
    case JsonExpectation::kMemberEnd:
      return explain_continuation(text, offset, '}', [&](size_t next) {
        return explain_key(text, next, "a key in double quotes");
      });
    case JsonExpectation::kElementEnd:
      return explain_continuation(
          text, offset, ']', [&](size_t next) { return explain_value(text, next, "a value"); });
  }
  return {offset, "the text is not JSON"};
}

}  // namespace reprotrain::harness
