// SPDX-License-Identifier: Apache-2.0
// From a stored HDF5 data type to its logical type, and from stored elements to logical bytes.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/data/hdf5_type.h"

namespace reprotrain::engine {

/// Why a file is not read: a sentence without its subject, thrown inside the parsing child.
struct Hdf5Refusal {
  std::string sentence;
};

/// How one leaf lies in an element as H5Dread delivers it in the file's own type.
struct StoredLeaf {
  enum class Kind { kNumber, kFixedText, kVariableText };
  Kind kind = Kind::kNumber;
  size_t offset = 0;
  size_t size_bytes = 0;
  bool big_endian = false;
  H5T_str_t padding = H5T_STR_NULLTERM;
};

struct StoredType {
  Hdf5Type logical;
  std::vector<StoredLeaf> leaves;
  size_t element_bytes = 0;
  bool has_variable_text = false;

  /// Elements as stored are their logical bytes already.
  bool is_logical() const;
};

/// Throws Hdf5Refusal, starting with `place` ("dataset /x"), for a type outside the closed set.
StoredType describe_stored_type(hid_t type, const std::string& place);

/// Appends the logical bytes of `n` elements.
void append_logical_bytes(const StoredType& type, const std::byte* elements, size_t n,
                          std::vector<std::byte>& out);

}  // namespace reprotrain::engine
