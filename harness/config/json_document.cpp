// SPDX-License-Identifier: Apache-2.0
#include "harness/config/json_document.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "engine/data/atomic_file.h"
#include "engine/data/utf8.h"
#include "harness/config/json_syntax.h"

namespace reprotrain::harness {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Receives nlohmann's parse events and rebuilds the value. The library does not report where a
// token stands, so the handler follows along in the text: tokens come in order, and between two of
// them are only white space, ',' and ':'.
class DocumentBuilder {
 public:
  DocumentBuilder(std::string_view text, JsonDocument& document, ErrorKind kind, JsonLimits limits)
      : text_(text), document_(document), kind_(kind), limits_(limits) {}

  bool null() { return add_value(Json(nullptr), literal_token("null")); }
  bool boolean(bool value) {
    return add_value(Json(value), literal_token(value ? "true" : "false"));
  }
  bool number_integer(int64_t) { return number(); }
  bool number_unsigned(uint64_t) { return number(); }
  bool number_float(double, const std::string&) { return number(); }
  bool string(std::string& value) {
    const size_t start = string_token(value);
    return add_value(Json(std::move(value)), start);
  }
  bool binary(Json::binary_t&) { return false; }

  bool start_object(size_t) { return open(Json::object(), JsonExpectation::kFirstKey); }
  bool start_array(size_t) { return open(Json::array(), JsonExpectation::kFirstElement); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    const size_t start = string_token(name);
    Level& level = levels_.back();
    level.member = child_pointer(level.pointer, name);
    const auto [known, is_new] = document_.key_places.emplace(level.member, place(start));
    if (!is_new) {
      fail(start, "key \"" + name + "\" stands twice in the same object, first at line " +
                      std::to_string(known->second.line) + "; keep one");
    }
    level.key = std::move(name);
    expected_ = JsonExpectation::kColon;
    return true;
  }

  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) {
    constexpr int kNumberOutOfRange = 406;
    if (error.id == kNumberOutOfRange) {
      const auto [start, raw] = number_token();
      fail(start, out_of_range(raw));
    }
    const JsonSyntaxProblem problem = explain_json_syntax(text_, token_end_, expected_);
    fail(problem.offset, problem.sentence);
  }

 private:
  struct Level {
    Json value;
    std::string pointer;
    std::string key;  // of the member that comes next, and its pointer
    std::string member;
  };

  [[noreturn]] void fail(size_t offset, const std::string& sentence) const {
    const TextPlace at = place(offset);
    throw Error(kind_, document_.name + ":" + std::to_string(at.line) + ":" +
                           std::to_string(at.column) + ": " + sentence);
  }

  [[noreturn]] void fail_syntax(size_t start) const {
    const JsonSyntaxProblem problem = explain_json_syntax(text_, start, JsonExpectation::kDocument);
    fail(problem.offset, problem.sentence);
  }

  // Tokens come in order, so the count goes on from the last place asked for.
  TextPlace place(size_t offset) const {
    if (offset < counted_offset_) return place_of_offset(text_, offset);
    const TextPlace step = place_of_offset(text_.substr(counted_offset_), offset - counted_offset_);
    counted_.column = step.line == 1 ? counted_.column + step.column - 1 : step.column;
    counted_.line += step.line - 1;
    counted_offset_ = offset;
    return counted_;
  }

  size_t token_start() const {
    size_t start = skip_json_space(text_, token_end_);
    while (start < text_.size() && (text_[start] == ',' || text_[start] == ':')) {
      start = skip_json_space(text_, start + 1);
    }
    return start;
  }

  size_t literal_token(std::string_view literal) {
    const size_t start = token_start();
    token_end_ = start + literal.size();
    return start;
  }

  size_t string_token(const std::string& value) {
    const size_t start = token_start();
    size_t end = start + 1;
    while (text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    if (value.find('\0') != std::string::npos)
      fail(start, "a text may not contain the character \\u0000");
    token_end_ = end + 1;
    return start;
  }

  std::pair<size_t, std::string_view> number_token() {
    const size_t start = token_start();
    const size_t end = std::min(text_.find_first_not_of("+-.0123456789eE", start), text_.size());
    token_end_ = end;
    return {start, text_.substr(start, end - start)};
  }

  bool number() {
    const auto [start, raw] = number_token();
    return add_value(number_value(start, raw), start);
  }

  Json number_value(size_t start, std::string_view raw) const {
    const std::string_view digits_on = raw.substr(raw[0] == '-' ? 1 : 0);
    const bool leading_zero =
        digits_on.size() > 1 && digits_on[0] == '0' && digits_on.find_first_of(".eE") != 1;
    if (leading_zero) fail_syntax(start);
    const char* end = raw.data() + raw.size();
    if (raw.find_first_of(".eE") == std::string_view::npos) {
      int64_t whole = 0;
      const auto [stop, code] = std::from_chars(raw.data(), end, whole);
      if (code == std::errc() && stop == end && whole >= -kLargestExactInteger &&
          whole <= kLargestExactInteger) {
        return whole;
      }
    }
    double value = 0.0;
    const auto [stop, code] = std::from_chars(raw.data(), end, value);
    if (stop != end) fail_syntax(start);
    const std::string_view digits = raw.substr(0, raw.find_first_of("eE"));
    const bool is_zero_text = digits.find_first_of("123456789") == std::string_view::npos;
    if (is_zero_text) return 0.0;
    if (code != std::errc() || value == 0.0) {
      fail(start, out_of_range(raw));
    }
    return value;
  }

  static std::string out_of_range(std::string_view raw) {
    return "the number " + std::string(raw) +
           " is outside the range of binary64 (about 5e-324 to 1.8e308)";
  }

  // Where the value that comes next belongs.
  std::string next_pointer() const {
    if (levels_.empty()) return "";
    const Level& level = levels_.back();
    return level.value.is_object() ? level.member
                                   : child_pointer(level.pointer, level.value.size());
  }

  bool add_value(Json value, size_t start) {
    document_.value_places.emplace(next_pointer(), place(start));
    store(std::move(value));
    return true;
  }

  void store(Json value) {
    if (levels_.empty()) {
      document_.value = std::move(value);
      expected_ = JsonExpectation::kEnd;
      return;
    }
    Level& level = levels_.back();
    if (level.value.is_object()) {
      level.value[level.key] = std::move(value);
      expected_ = JsonExpectation::kMemberEnd;
    } else {
      level.value.push_back(std::move(value));
      expected_ = JsonExpectation::kElementEnd;
    }
  }

  bool open(Json value, JsonExpectation next) {
    const size_t start = token_start();
    token_end_ = start + 1;
    if (static_cast<int>(levels_.size()) >= limits_.depth) {
      fail(start, "objects and arrays are nested more than " + std::to_string(limits_.depth) +
                      " levels deep");
    }
    Level level;
    level.value = std::move(value);
    level.pointer = next_pointer();
    document_.value_places.emplace(level.pointer, place(start));
    levels_.push_back(std::move(level));
    expected_ = next;
    return true;
  }

  bool close() {
    token_end_ = token_start() + 1;
    Json value = std::move(levels_.back().value);
    levels_.pop_back();
    store(std::move(value));
    return true;
  }

  std::string_view text_;
  JsonDocument& document_;
  ErrorKind kind_;
  JsonLimits limits_;
  std::vector<Level> levels_;
  size_t token_end_ = 0;
  JsonExpectation expected_ = JsonExpectation::kDocument;
  mutable TextPlace counted_{1, 1};  // of byte counted_offset_
  mutable size_t counted_offset_ = 0;
};

std::string_view parent_pointer(std::string_view pointer) {
  return pointer.substr(0, pointer.rfind('/'));
}

std::string nearest_place(const JsonDocument& document, std::string_view pointer,
                          const std::map<std::string, TextPlace>& places) {
  const std::map<std::string, TextPlace>* lookup = &places;
  for (;;) {
    const std::string key(pointer);
    if (const auto set = document.overrides.find(key); set != document.overrides.end())
      return set->second;
    if (const auto at = lookup->find(key); at != lookup->end()) {
      return document.name + ":" + std::to_string(at->second.line) + ":" +
             std::to_string(at->second.column);
    }
    if (pointer.empty()) return document.name;
    pointer = parent_pointer(pointer);
    lookup = &document.value_places;
  }
}

}  // namespace

std::string JsonDocument::where(std::string_view pointer) const {
  return nearest_place(*this, pointer, value_places);
}

std::string JsonDocument::where_key(std::string_view pointer) const {
  return nearest_place(*this, pointer, key_places);
}

JsonDocument parse_json(std::string_view text, const std::string& name, ErrorKind kind,
                        const JsonLimits& limits) {
  if (text.size() > limits.size_bytes) {
    throw Error(kind, name + " has " + std::to_string(text.size()) + " bytes; at most " +
                          std::to_string(limits.size_bytes) + " are read as JSON");
  }
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark)
    text.remove_prefix(kByteOrderMark.size());
  engine::Utf8Checker utf8;
  const int64_t fault = utf8.find_fault(text);
  if (fault >= 0 || !utf8.complete()) {
    const TextPlace at =
        place_of_offset(text, fault >= 0 ? static_cast<size_t>(fault) : text.size());
    throw Error(kind, name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) +
                          ": the text is not valid UTF-8 here; save the file as UTF-8");
  }
  JsonDocument document;
  document.name = name;
  DocumentBuilder builder(text, document, kind, limits);
  Json::sax_parse(text.begin(), text.end(), &builder);
  return document;
}

JsonDocument read_json_file(const std::string& path, ErrorKind kind, const JsonLimits& limits) {
  std::string text;
  try {
    text = engine::read_file(path);
  } catch (const Error& error) {
    throw Error(kind, error.what());
  }
  return parse_json(text, path, kind, limits);
}

std::string child_pointer(std::string_view pointer, std::string_view key) {
  std::string child(pointer);
  child += '/';
  for (const char c : key) {
    if (c == '~') {
      child += "~0";
    } else if (c == '/') {
      child += "~1";
    } else {
      child += c;
    }
  }
  return child;
}

std::string child_pointer(std::string_view pointer, size_t index) {
  return child_pointer(pointer, std::to_string(index));
}

TextPlace place_of_offset(std::string_view text, size_t offset) {
  TextPlace place{1, 1};
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xc0u) != 0x80u) {
      ++place.column;
    }
  }
  return place;
}

}  // namespace reprotrain::harness
