// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_element_type.h"

#include <iterator>

namespace reprotrain::engine {

namespace {

struct Entry {
  ElementType element;
  Hdf5Class type_class;
  int64_t size_bytes;
  bool is_signed;
  std::string_view name;
};

constexpr Entry kEntries[] = {
    {ElementType::kInt8, Hdf5Class::kInteger, 1, true, "int8"},
    {ElementType::kInt16, Hdf5Class::kInteger, 2, true, "int16"},
    {ElementType::kInt32, Hdf5Class::kInteger, 4, true, "int32"},
    {ElementType::kInt64, Hdf5Class::kInteger, 8, true, "int64"},
    {ElementType::kUint8, Hdf5Class::kInteger, 1, false, "uint8"},
    {ElementType::kUint16, Hdf5Class::kInteger, 2, false, "uint16"},
    {ElementType::kUint32, Hdf5Class::kInteger, 4, false, "uint32"},
    {ElementType::kUint64, Hdf5Class::kInteger, 8, false, "uint64"},
    {ElementType::kFloat32, Hdf5Class::kFloat, 4, false, "float32"},
    {ElementType::kFloat64, Hdf5Class::kFloat, 8, false, "float64"},
    {ElementType::kString, Hdf5Class::kString, 0, false, "string"},
};

/// The table is in the order of the enumeration.
const Entry& entry(ElementType type) { return kEntries[static_cast<size_t>(type)]; }

static_assert(std::size(kEntries) == static_cast<size_t>(ElementType::kString) + 1);

}  // namespace

int64_t element_size_bytes(ElementType type) { return entry(type).size_bytes; }

std::string_view element_type_name(ElementType type) { return entry(type).name; }

Hdf5Type to_hdf5_type(ElementType type) {
  Hdf5Type result;
  result.type_class = entry(type).type_class;
  result.size_bytes = entry(type).size_bytes;
  result.is_signed = entry(type).is_signed;
  return result;
}

std::optional<ElementType> to_element_type(const Hdf5Type& type) {
  for (const Entry& candidate : kEntries) {
    if (candidate.type_class == type.type_class && candidate.size_bytes == type.size_bytes &&
        candidate.is_signed == type.is_signed) {
      return candidate.element;
    }
  }
  return std::nullopt;
}

}  // namespace reprotrain::engine
