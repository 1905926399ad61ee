// SPDX-License-Identifier: Apache-2.0
// The closed set of HDF5 element types that reprotrain reads, and their logical bytes.
//
// Logical bytes are what a value says, not how a file stores it: numbers little-endian, texts as
// UTF-8 with a length in front, compounds member after member without gaps. docs/content-id.md is
// the definition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace reprotrain::engine {

enum class Hdf5Class : uint8_t {
  kInteger,   ///< 8, 16, 32 or 64 bits, signed or not
  kFloat,     ///< IEEE binary16, binary32 or binary64
  kString,    ///< UTF-8, of fixed or variable length
  kEnum,      ///< integers with names
  kCompound,  ///< named members, in declaration order
};

/// One name of an enumeration; `bits` is the value in two's complement, zero above its size.
struct Hdf5Enumerator {
  std::string name;
  uint64_t bits = 0;
  bool operator==(const Hdf5Enumerator&) const = default;
};

struct Hdf5Member;

struct Hdf5Type {
  Hdf5Class type_class = Hdf5Class::kInteger;
  int64_t size_bytes = 0;                   ///< of an integer, float or enum; 0 otherwise
  bool is_signed = false;                   ///< of an integer or enum
  std::vector<Hdf5Enumerator> enumerators;  ///< of an enum, sorted by name
  std::vector<Hdf5Member> members;          ///< of a compound

  static Hdf5Type integer(int64_t size_bytes, bool is_signed);
  static Hdf5Type floating(int64_t size_bytes);
  static Hdf5Type string();
  bool operator==(const Hdf5Type&) const = default;
};

struct Hdf5Member {
  std::string name;
  Hdf5Type type;
  bool operator==(const Hdf5Member&) const = default;
};

/// Type and shape of a dataset or an attribute; shape {} is a scalar.
struct Hdf5Header {
  Hdf5Type type;
  std::vector<int64_t> shape;

  int64_t n_elements() const;
  bool operator==(const Hdf5Header&) const = default;
};

/// A number or a text inside an element, in the order of the logical bytes.
struct Hdf5Leaf {
  Hdf5Class type_class = Hdf5Class::kInteger;
  int64_t size_bytes = 0;  ///< of the number; 0 for a text
};

/// The leaves of one element: one, or those of a compound's members, depth first.
std::vector<Hdf5Leaf> leaves(const Hdf5Type& type);

/// Logical bytes of one element, or -1 when it holds texts and so has no fixed length.
int64_t fixed_element_bytes(const Hdf5Type& type);

/// Number of elements that `bytes` holds, or -1 when it does not end with a whole element or a text
/// in it is not UTF-8.
int64_t count_elements(const Hdf5Type& type, std::span<const std::byte> bytes);

/// Appends the logical bytes of a text: its length in 4 bytes, then itself.
void append_text(std::vector<std::byte>& out, std::string_view text);

/// Takes one text from the front of logical bytes that count_elements has accepted.
std::string_view take_text(std::span<const std::byte>& bytes);

/// "int32", "float64", "string", "enum of uint8", "compound": for messages.
std::string type_name(const Hdf5Type& type);

}  // namespace reprotrain::engine
