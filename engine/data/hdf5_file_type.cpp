// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_file_type.h"

#include <algorithm>
#include <cstring>

#include "engine/data/hdf5_encoding.h"
#include "engine/data/hdf5_handle.h"
#include "engine/data/little_endian.h"

namespace reprotrain::engine {

namespace {

class TypeReader {
 public:
  explicit TypeReader(const std::string& place) : place_(place) {}

  Hdf5Type read(hid_t type, size_t offset, int depth) {
    switch (H5Tget_class(type)) {
      case H5T_INTEGER:
        return integer(type, offset);
      case H5T_FLOAT:
        return floating(type, offset);
      case H5T_STRING:
        return string(type, offset);
      case H5T_ENUM:
        return enumeration(type, offset);
      case H5T_COMPOUND:
        return compound(type, offset, depth);
      case H5T_BITFIELD:
        refuse("bitfield");
      case H5T_OPAQUE:
        refuse("opaque");
      case H5T_REFERENCE:
        refuse("reference");
      case H5T_VLEN:
        refuse("variable-length sequence");
      case H5T_ARRAY:
        refuse("array");
      case H5T_TIME:
        refuse("time");
      default:
        refuse("unknown");
    }
  }

  std::vector<StoredLeaf> leaves;
  bool has_variable_text = false;

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Hdf5Refusal{place_ + " has the unsupported type " + what +
                      "; store integers, floats, strings, enums or compounds of these"};
  }

  bool big_endian(hid_t type) const {
    switch (H5Tget_order(type)) {
      case H5T_ORDER_LE:
        return false;
      case H5T_ORDER_BE:
        return true;
      default:
        refuse("number of a mixed byte order");
    }
  }

  void add_number(hid_t type, size_t offset) {
    leaves.push_back({StoredLeaf::Kind::kNumber, offset, H5Tget_size(type), big_endian(type), {}});
  }

  Hdf5Type integer(hid_t type, size_t offset) {
    const size_t size = H5Tget_size(type);
    const bool plain = (size == 1 || size == 2 || size == 4 || size == 8) &&
                       H5Tget_precision(type) == 8 * size && H5Tget_offset(type) == 0;
    if (!plain) refuse("integer of an uncommon width");
    add_number(type, offset);
    return Hdf5Type::integer(static_cast<int64_t>(size), H5Tget_sign(type) == H5T_SGN_2);
  }

  Hdf5Type floating(hid_t type, size_t offset) {
    struct Layout {
      size_t size, sign, exponent, exponent_bits, mantissa, mantissa_bits, bias;
    };
    constexpr Layout kLayouts[] = {
        {2, 15, 10, 5, 0, 10, 15}, {4, 31, 23, 8, 0, 23, 127}, {8, 63, 52, 11, 0, 52, 1023}};
    size_t sign = 0, exponent = 0, exponent_bits = 0, mantissa = 0, mantissa_bits = 0;
    const size_t size = H5Tget_size(type);
    bool ieee =
        H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) >= 0;
    ieee = ieee && H5Tget_precision(type) == 8 * size && H5Tget_offset(type) == 0 &&
           H5Tget_norm(type) == H5T_NORM_IMPLIED;
    ieee = ieee && std::any_of(std::begin(kLayouts), std::end(kLayouts), [&](const Layout& l) {
             return size == l.size && sign == l.sign && exponent == l.exponent &&
                    exponent_bits == l.exponent_bits && mantissa == l.mantissa &&
                    mantissa_bits == l.mantissa_bits && H5Tget_ebias(type) == l.bias;
           });
    if (!ieee) refuse("float other than IEEE binary16, binary32 and binary64");
    add_number(type, offset);
    return Hdf5Type::floating(static_cast<int64_t>(size));
  }

  Hdf5Type string(hid_t type, size_t offset) {
    const bool variable = H5Tis_variable_str(type) > 0;
    has_variable_text = has_variable_text || variable;
    leaves.push_back({variable ? StoredLeaf::Kind::kVariableText : StoredLeaf::Kind::kFixedText,
                      offset, variable ? sizeof(char*) : H5Tget_size(type), false,
                      H5Tget_strpad(type)});
    return Hdf5Type::string();
  }

  Hdf5Type enumeration(hid_t type, size_t offset) {
    const Hdf5Handle base(H5Tget_super(type), H5Tclose);
    if (H5Tget_class(base.get()) != H5T_INTEGER) refuse("enum of something other than integers");
    Hdf5Type result = integer(base.get(), offset);
    result.type_class = Hdf5Class::kEnum;
    const int n = H5Tget_nmembers(type);
    const auto size = static_cast<size_t>(result.size_bytes);
    for (int i = 0; i < n; ++i) {
      uint8_t value[16] = {};
      char* name = H5Tget_member_name(type, static_cast<unsigned>(i));
      if (name == nullptr || H5Tget_member_value(type, static_cast<unsigned>(i), value) < 0) {
        refuse("damaged enum");
      }
      Hdf5Enumerator enumerator{name, 0};
      H5free_memory(name);
      if (big_endian(base.get())) std::reverse(value, value + size);
      std::memcpy(&enumerator.bits, value, size);
      result.enumerators.push_back(std::move(enumerator));
    }
    std::sort(result.enumerators.begin(), result.enumerators.end(),
              [](const Hdf5Enumerator& a, const Hdf5Enumerator& b) { return a.name < b.name; });
    return result;
  }

  Hdf5Type compound(hid_t type, size_t offset, int depth) {
    if (depth == 0) refuse("compound nested too deep");
    Hdf5Type result;
    result.type_class = Hdf5Class::kCompound;
    const int n = H5Tget_nmembers(type);
    for (int i = 0; i < n; ++i) {
      const auto index = static_cast<unsigned>(i);
      char* name = H5Tget_member_name(type, index);
      const Hdf5Handle member(H5Tget_member_type(type, index), H5Tclose);
      if (name == nullptr || !member.ok()) refuse("damaged compound");
      std::string member_name(name);
      H5free_memory(name);
      result.members.push_back(
          {std::move(member_name),
           read(member.get(), offset + H5Tget_member_offset(type, index), depth - 1)});
    }
    if (n <= 0) refuse("compound without members");
    return result;
  }

  const std::string& place_;
};

std::string_view fixed_text(const StoredLeaf& leaf, const std::byte* bytes) {
  const auto* text = reinterpret_cast<const char*>(bytes);
  size_t n = leaf.size_bytes;
  if (leaf.padding == H5T_STR_NULLTERM) return {text, ::strnlen(text, n)};
  const char fill = leaf.padding == H5T_STR_SPACEPAD ? ' ' : '\0';
  while (n > 0 && text[n - 1] == fill) --n;
  return {text, n};
}

void append_number(const StoredLeaf& leaf, const std::byte* bytes, std::vector<std::byte>& out) {
  const size_t end = out.size();
  out.insert(out.end(), bytes, bytes + leaf.size_bytes);
  if (leaf.big_endian) std::reverse(out.begin() + static_cast<ptrdiff_t>(end), out.end());
}

template <typename T>
void append_swapped(const std::byte* elements, size_t n, std::vector<std::byte>& out) {
  const size_t end = out.size();
  out.resize(end + n * sizeof(T));
  for (size_t i = 0; i < n; ++i) {
    T value;
    std::memcpy(&value, elements + i * sizeof(T), sizeof value);
    if constexpr (sizeof(T) == 2) value = __builtin_bswap16(value);
    if constexpr (sizeof(T) == 4) value = __builtin_bswap32(value);
    if constexpr (sizeof(T) == 8) value = __builtin_bswap64(value);
    std::memcpy(out.data() + end + i * sizeof(T), &value, sizeof value);
  }
}

}  // namespace

bool StoredType::is_logical() const {
  return leaves.size() == 1 && leaves[0].kind == StoredLeaf::Kind::kNumber &&
         leaves[0].size_bytes == element_bytes && (!leaves[0].big_endian || element_bytes == 1);
}

StoredType describe_stored_type(hid_t type, const std::string& place) {
  TypeReader reader(place);
  StoredType result;
  result.logical = reader.read(type, 0, kMaxCompoundDepth);
  result.leaves = std::move(reader.leaves);
  result.has_variable_text = reader.has_variable_text;
  result.element_bytes = H5Tget_size(type);
  for (const StoredLeaf& leaf : result.leaves) {
    if (leaf.offset + leaf.size_bytes > result.element_bytes) {
      throw Hdf5Refusal{place + " has a damaged compound type; get a new copy of the file"};
    }
  }
  return result;
}

void append_logical_bytes(const StoredType& type, const std::byte* elements, size_t n,
                          std::vector<std::byte>& out) {
  const bool one_number = type.leaves.size() == 1 &&
                          type.leaves[0].size_bytes == type.element_bytes &&
                          type.leaves[0].kind == StoredLeaf::Kind::kNumber;
  if (type.is_logical()) {
    out.insert(out.end(), elements, elements + n * type.element_bytes);
    return;
  }
  if (one_number) {
    if (type.element_bytes == 2) return append_swapped<uint16_t>(elements, n, out);
    if (type.element_bytes == 4) return append_swapped<uint32_t>(elements, n, out);
    return append_swapped<uint64_t>(elements, n, out);
  }
  for (size_t i = 0; i < n; ++i, elements += type.element_bytes) {
    for (const StoredLeaf& leaf : type.leaves) {
      const std::byte* bytes = elements + leaf.offset;
      switch (leaf.kind) {
        case StoredLeaf::Kind::kNumber:
          append_number(leaf, bytes, out);
          break;
        case StoredLeaf::Kind::kFixedText:
          append_text(out, fixed_text(leaf, bytes));
          break;
        case StoredLeaf::Kind::kVariableText: {
          const char* text = nullptr;
          std::memcpy(&text, bytes, sizeof text);
          append_text(out, text == nullptr ? std::string_view() : std::string_view(text));
          break;
        }
      }
    }
  }
}

}  // namespace reprotrain::engine
