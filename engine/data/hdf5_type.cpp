// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_type.h"

#include <cassert>
#include <limits>

#include "engine/data/little_endian.h"
#include "engine/data/utf8.h"

namespace reprotrain::engine {

Hdf5Type Hdf5Type::integer(int64_t size_bytes, bool is_signed) {
  return {.type_class = Hdf5Class::kInteger,
          .size_bytes = size_bytes,
          .is_signed = is_signed,
          .enumerators = {},
          .members = {}};
}
Hdf5Type Hdf5Type::floating(int64_t size_bytes) {
  return {.type_class = Hdf5Class::kFloat,
          .size_bytes = size_bytes,
          .is_signed = false,
          .enumerators = {},
          .members = {}};
}
Hdf5Type Hdf5Type::string() {
  return {.type_class = Hdf5Class::kString,
          .size_bytes = 0,
          .is_signed = false,
          .enumerators = {},
          .members = {}};
}

int64_t Hdf5Header::n_elements() const {
  int64_t n = 1;
  for (const int64_t extent : shape) {
    if (extent == 0) return 0;  // before the other extents can overflow
    if (__builtin_mul_overflow(n, extent, &n)) n = std::numeric_limits<int64_t>::max();
  }
  return n;
}

namespace {

void append_leaves(const Hdf5Type& type, std::vector<Hdf5Leaf>& out) {
  if (type.type_class != Hdf5Class::kCompound) {
    out.push_back({type.type_class, type.size_bytes});
    return;
  }
  for (const Hdf5Member& member : type.members) append_leaves(member.type, out);
}

/// Bytes of the text at the front, its length included; -1 when it is cut short or not UTF-8.
int64_t text_extent(std::span<const std::byte> bytes) {
  if (bytes.size() < 4) return -1;
  const auto length = load_little_endian<uint32_t>(bytes.data());
  if (bytes.size() - 4 < length) return -1;
  const auto* text = reinterpret_cast<const char*>(bytes.data() + 4);
  return is_utf8({text, length}) ? int64_t{4} + length : -1;
}

}  // namespace

std::vector<Hdf5Leaf> leaves(const Hdf5Type& type) {
  std::vector<Hdf5Leaf> out;
  append_leaves(type, out);
  return out;
}

int64_t fixed_element_bytes(const Hdf5Type& type) {
  int64_t sum = 0;
  for (const Hdf5Leaf& leaf : leaves(type)) {
    if (leaf.type_class == Hdf5Class::kString) return -1;
    sum += leaf.size_bytes;
  }
  return sum;
}

int64_t count_elements(const Hdf5Type& type, std::span<const std::byte> bytes) {
  const int64_t fixed = fixed_element_bytes(type);
  const auto n_bytes = static_cast<int64_t>(bytes.size());
  if (fixed == 0) return -1;
  if (fixed > 0) return n_bytes % fixed == 0 ? n_bytes / fixed : -1;

  const std::vector<Hdf5Leaf> element = leaves(type);
  int64_t n = 0;
  for (; !bytes.empty(); ++n) {
    for (const Hdf5Leaf& leaf : element) {
      const int64_t extent =
          leaf.type_class == Hdf5Class::kString ? text_extent(bytes) : leaf.size_bytes;
      if (extent < 0 || static_cast<size_t>(extent) > bytes.size()) return -1;
      bytes = bytes.subspan(static_cast<size_t>(extent));
    }
  }
  return n;
}

void append_text(std::vector<std::byte>& out, std::string_view text) {
  assert(text.size() <= std::numeric_limits<uint32_t>::max());
  append_little_endian(out, static_cast<uint32_t>(text.size()));
  const auto bytes = std::as_bytes(std::span(text));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

std::string_view take_text(std::span<const std::byte>& bytes) {
  const auto length = load_little_endian<uint32_t>(bytes.data());
  const std::string_view text(reinterpret_cast<const char*>(bytes.data() + 4), length);
  bytes = bytes.subspan(size_t{4} + length);
  return text;
}

std::string type_name(const Hdf5Type& type) {
  const std::string bits = std::to_string(8 * type.size_bytes);
  switch (type.type_class) {
    case Hdf5Class::kInteger:
      return (type.is_signed ? "int" : "uint") + bits;
    case Hdf5Class::kFloat:
      return "float" + bits;
    case Hdf5Class::kString:
      return "string";
    case Hdf5Class::kEnum:
      return (type.is_signed ? "enum of int" : "enum of uint") + bits;
    case Hdf5Class::kCompound:
      return "compound";
  }
  return "unknown";
}

}  // namespace reprotrain::engine
