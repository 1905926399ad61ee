// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_encoding.h"

#include <limits>

#include "engine/data/little_endian.h"
#include "engine/data/utf8.h"

namespace reprotrain::engine {

namespace {

enum Tag : uint8_t {
  kSignedTag = 1,
  kUnsignedTag = 2,
  kFloatTag = 3,
  kStringTag = 4,
  kEnumTag = 5,
  kCompoundTag = 6,
};

void append_number_type(std::string& out, Tag tag, int64_t size_bytes) {
  append_little_endian(out, static_cast<uint8_t>(tag));
  append_little_endian(out, static_cast<uint8_t>(size_bytes));
}

Tag integer_tag(bool is_signed) { return is_signed ? kSignedTag : kUnsignedTag; }

bool is_integer_size(int64_t size) { return size == 1 || size == 2 || size == 4 || size == 8; }
bool is_float_size(int64_t size) { return size == 2 || size == 4 || size == 8; }

}  // namespace

void append_name(std::string& out, std::string_view name) {
  append_little_endian(out, static_cast<uint32_t>(name.size()));
  out += name;
}

void append_type(std::string& out, const Hdf5Type& type) {
  switch (type.type_class) {
    case Hdf5Class::kInteger:
      append_number_type(out, integer_tag(type.is_signed), type.size_bytes);
      break;
    case Hdf5Class::kFloat:
      append_number_type(out, kFloatTag, type.size_bytes);
      break;
    case Hdf5Class::kString:
      append_little_endian(out, static_cast<uint8_t>(kStringTag));
      break;
    case Hdf5Class::kEnum:
      append_little_endian(out, static_cast<uint8_t>(kEnumTag));
      append_number_type(out, integer_tag(type.is_signed), type.size_bytes);
      append_little_endian(out, static_cast<uint32_t>(type.enumerators.size()));
      for (const Hdf5Enumerator& enumerator : type.enumerators) {
        append_name(out, enumerator.name);
        for (int64_t i = 0; i < type.size_bytes; ++i) {
          out += static_cast<char>(static_cast<uint8_t>(enumerator.bits >> (8 * i)));
        }
      }
      break;
    case Hdf5Class::kCompound:
      append_little_endian(out, static_cast<uint8_t>(kCompoundTag));
      append_little_endian(out, static_cast<uint32_t>(type.members.size()));
      for (const Hdf5Member& member : type.members) {
        append_name(out, member.name);
        append_type(out, member.type);
      }
      break;
  }
}

void append_shape(std::string& out, std::span<const int64_t> shape) {
  append_little_endian(out, static_cast<uint8_t>(shape.size()));
  for (const int64_t extent : shape) append_little_endian(out, static_cast<uint64_t>(extent));
}

template <typename T>
std::optional<T> EncodingReader::number() {
  if (rest_.size() < sizeof(T)) return std::nullopt;
  const T value = load_little_endian<T>(reinterpret_cast<const std::byte*>(rest_.data()));
  rest_.remove_prefix(sizeof(T));
  return value;
}

std::optional<uint64_t> EncodingReader::bits(int64_t size_bytes) {
  uint64_t value = 0;
  for (int64_t i = 0; i < size_bytes; ++i) {
    const auto byte = number<uint8_t>();
    if (!byte) return std::nullopt;
    value |= uint64_t{*byte} << (8 * i);
  }
  return value;
}

std::optional<std::string> EncodingReader::name() {
  const auto length = number<uint32_t>();
  if (!length || *length > rest_.size()) return std::nullopt;
  std::string text(rest_.substr(0, *length));
  rest_.remove_prefix(*length);
  if (!is_utf8(text)) return std::nullopt;
  return text;
}

std::optional<Hdf5Type> EncodingReader::type() { return type(kMaxCompoundDepth); }

std::optional<Hdf5Type> EncodingReader::type(int depth) {
  const auto tag = number<uint8_t>();
  if (!tag) return std::nullopt;
  if (*tag == kStringTag) return Hdf5Type::string();

  Hdf5Type result;
  if (*tag == kCompoundTag) {
    result.type_class = Hdf5Class::kCompound;
    return depth > 0 && members(result, depth) ? std::optional(result) : std::nullopt;
  }
  const auto number_tag = *tag == kEnumTag ? number<uint8_t>() : tag;
  const auto size = number<uint8_t>();
  if (!number_tag || !size) return std::nullopt;
  result.size_bytes = *size;
  if (*number_tag == kFloatTag && *tag == kFloatTag && is_float_size(*size)) {
    result.type_class = Hdf5Class::kFloat;
    return result;
  }
  if (*number_tag != kSignedTag && *number_tag != kUnsignedTag) return std::nullopt;
  if (!is_integer_size(*size)) return std::nullopt;
  result.is_signed = *number_tag == kSignedTag;
  if (*tag == kEnumTag) {
    result.type_class = Hdf5Class::kEnum;
    if (!enumerators(result)) return std::nullopt;
  }
  return result;
}

bool EncodingReader::enumerators(Hdf5Type& type) {
  const auto n = number<uint32_t>();
  if (!n) return false;
  for (uint32_t i = 0; i < *n; ++i) {
    auto enumerator_name = name();
    const auto value = bits(type.size_bytes);
    if (!enumerator_name || !value) return false;
    if (i > 0 && !(type.enumerators.back().name < *enumerator_name)) return false;
    type.enumerators.push_back({std::move(*enumerator_name), *value});
  }
  return true;
}

bool EncodingReader::members(Hdf5Type& type, int depth) {
  const auto n = number<uint32_t>();
  if (!n || *n == 0) return false;
  for (uint32_t i = 0; i < *n; ++i) {
    auto member_name = name();
    auto member_type = this->type(depth - 1);
    if (!member_name || !member_type) return false;
    type.members.push_back({std::move(*member_name), std::move(*member_type)});
  }
  return true;
}

std::optional<Hdf5Header> EncodingReader::header() {
  auto element = type();
  const auto rank = number<uint8_t>();
  if (!element || !rank || *rank > kMaxRank) return std::nullopt;
  Hdf5Header result{std::move(*element), {}};
  for (int i = 0; i < *rank; ++i) {
    const auto extent = number<uint64_t>();
    if (!extent || *extent > uint64_t{std::numeric_limits<int64_t>::max()}) return std::nullopt;
    result.shape.push_back(static_cast<int64_t>(*extent));
  }
  return result;
}

}  // namespace reprotrain::engine
