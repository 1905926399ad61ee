// SPDX-License-Identifier: Apache-2.0
#include "harness/record/canonical_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/data/utf8.h"
#include "include/reprotrain/error.h"

namespace reprotrain::harness {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorKind::kData, "canonical JSON cannot hold " + what);
}

// Decimal digits and exponent of the shortest text that reads back as `value` > 0:
// value = 0.d1d2d3... * 10^point.
struct ShortestDigits {
  std::string digits;
  int point = 0;
};

ShortestDigits shortest_digits(double value) {
  char text[32];
  const auto result = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
  const std::string_view scientific(text, static_cast<size_t>(result.ptr - text));
  const size_t e = scientific.find('e');
  ShortestDigits shortest;
  for (const char c : scientific.substr(0, e)) {
    if (c != '.') shortest.digits += c;
  }
  std::string_view exponent = scientific.substr(e + 1);
  if (exponent[0] == '+') exponent.remove_prefix(1);
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), shortest.point);
  ++shortest.point;
  return shortest;
}

std::string exponent_text(const std::string& digits, int exponent) {
  std::string text = digits;
  if (digits.size() > 1) text.insert(1, 1, '.');
  text += exponent < 0 ? "e-" : "e+";
  return text + std::to_string(std::abs(exponent));
}

// UTF-8 (already checked) to UTF-16 code units, whose order RFC 8785 asks for.
std::u16string utf16_units(std::string_view text) {
  std::u16string units;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    const int n_more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    uint32_t point = n_more == 0 ? lead : lead & (0x3fu >> n_more);
    for (int k = 0; k < n_more; ++k)
      point = point << 6 | (static_cast<unsigned char>(text[i++]) & 0x3fu);
    if (point < 0x10000) {
      units += static_cast<char16_t>(point);
    } else {
      units += static_cast<char16_t>(0xd800 + ((point - 0x10000) >> 10));
      units += static_cast<char16_t>(0xdc00 + ((point - 0x10000) & 0x3ff));
    }
  }
  return units;
}

void append_string(std::string& out, const std::string& text) {
  engine::Utf8Checker utf8;
  // NUL is legal JSON text (\u0000) though no UTF-8 checker of ours lets it pass.
  std::string without_nul = text;
  std::replace(without_nul.begin(), without_nul.end(), '\0', ' ');
  if (utf8.find_fault(without_nul) >= 0 || !utf8.complete()) refuse("a text that is not UTF-8");
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (byte < 0x20) {
          out += "\\u00";
          out += kHex[byte >> 4];
          out += kHex[byte & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

std::string integer_text(const Json& value) {
  const bool fits = value.is_number_unsigned()
                        ? value.get<uint64_t>() <= static_cast<uint64_t>(kLargestExactInteger)
                        : value.get<int64_t>() >= -kLargestExactInteger &&
                              value.get<int64_t>() <= kLargestExactInteger;
  if (!fits) refuse("the whole number " + value.dump() + ", which is beyond 2^53");
  return value.dump();
}

std::vector<const Json::object_t::value_type*> sorted_members(const Json& object) {
  std::vector<std::pair<std::u16string, const Json::object_t::value_type*>> keyed;
  for (const auto& member : object.get_ref<const Json::object_t&>()) {
    keyed.emplace_back(utf16_units(member.first), &member);
  }
  std::sort(keyed.begin(), keyed.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const Json::object_t::value_type*> members;
  for (const auto& [units, member] : keyed) members.push_back(member);
  return members;
}

// Both texts differ in white space only.
class Writer {
 public:
  explicit Writer(bool readable) : readable_(readable) {}

  void write(const Json& value, int depth) {
    switch (value.type()) {
      case Json::value_t::null:
        out_ += "null";
        break;
      case Json::value_t::boolean:
        out_ += value.get<bool>() ? "true" : "false";
        break;
      case Json::value_t::number_integer:
      case Json::value_t::number_unsigned:
        out_ += integer_text(value);
        break;
      case Json::value_t::number_float:
        out_ += ecmascript_number(value.get<double>());
        break;
      case Json::value_t::string:
        append_string(out_, value.get_ref<const std::string&>());
        break;
      case Json::value_t::array:
        write_array(value, depth);
        break;
      case Json::value_t::object:
        write_object(value, depth);
        break;
      default:
        refuse("binary data");
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void break_line(int depth) {
    if (readable_) out_ += '\n' + std::string(static_cast<size_t>(2 * depth), ' ');
  }

  void write_array(const Json& array, int depth) {
    const bool nested = std::any_of(array.begin(), array.end(),
                                    [](const Json& element) { return element.is_structured(); });
    out_ += '[';
    for (size_t i = 0; i < array.size(); ++i) {
      if (i > 0) out_ += readable_ && !nested ? ", " : ",";
      if (nested) break_line(depth + 1);
      write(array[i], depth + 1);
    }
    if (nested) break_line(depth);
    out_ += ']';
  }

  void write_object(const Json& object, int depth) {
    out_ += '{';
    bool first = true;
    for (const auto* member : sorted_members(object)) {
      if (!std::exchange(first, false)) out_ += ',';
      break_line(depth + 1);
      append_string(out_, member->first);
      out_ += readable_ ? ": " : ":";
      write(member->second, depth + 1);
    }
    if (!object.empty()) break_line(depth);
    out_ += '}';
  }

  bool readable_;
  std::string out_;
};

}  // namespace

std::string ecmascript_number(double value) {
  if (!std::isfinite(value)) refuse("a number that is not finite");
  if (value == 0.0) return "0";
  if (value < 0.0) return ecmascript_number(-value).insert(0, 1, '-');
  const auto [digits, point] = shortest_digits(value);
  const int n_digits = static_cast<int>(digits.size());
  if (point > 21 || point <= -6) return exponent_text(digits, point - 1);
  if (point >= n_digits) return digits + std::string(static_cast<size_t>(point - n_digits), '0');
  std::string text = digits;
  if (point > 0) return text.insert(static_cast<size_t>(point), 1, '.');
  text.insert(0, static_cast<size_t>(-point), '0');
  return text.insert(0, "0.");
}

std::string canonical_json(const Json& value) {
  Writer writer(false);
  writer.write(value, 0);
  return writer.take();
}

std::string pretty_json(const Json& value) {
  Writer writer(true);
  writer.write(value, 0);
  return writer.take() + "\n";
}

}  // namespace reprotrain::harness
