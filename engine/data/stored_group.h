// SPDX-License-Identifier: Apache-2.0
// Models and checkpoints read back without trusting them: every part is checked before it is looked at.
#pragma once

#include <string>
#include <string_view>

#include "engine/data/hdf5_tree.h"

namespace reprotrain::engine {

/// A file as it was read, and what it should be.
struct StoredFile {
  std::string path;
  std::string kind;  ///< "model", "checkpoint": for sentences

  /// Throws Error(kEvidence): the file is no `kind` of this program version, and why.
  [[noreturn]] void refuse(const std::string& what) const;
};

/// A group of such a file; both must outlive it. Whatever is missing, or of another type or number than
/// asked for, is an Error(kEvidence) naming the file, as StoredFile::refuse.
class StoredGroup {
 public:
  StoredGroup(const Hdf5Node& node, const StoredFile& file) : node_(node), file_(file) {}

  const Hdf5Node& node() const { return node_; }
  const StoredFile& file() const { return file_; }
  [[noreturn]] void refuse(const std::string& what) const { file_.refuse(what); }

  StoredGroup group(std::string_view path) const;

  /// A dataset of that type, with any shape.
  const Array& dataset(std::string_view path, ElementType type) const;
  /// A dataset of one dimension.
  const Array& list(std::string_view path, ElementType type) const;
  /// The single element of a dataset.
  double real_dataset(std::string_view path) const;

  bool has_attribute(const std::string& name) const { return node_.attributes.count(name) != 0; }
  /// An attribute of that type, with any number of elements.
  const Array& attribute(const std::string& name, ElementType type) const;
  // The single element of an attribute.
  const std::string& text(const std::string& name) const;
  int64_t integer(const std::string& name) const;
  double real(const std::string& name) const;

 private:
  const Array& single(const std::string& name, ElementType type) const;

  const Hdf5Node& node_;
  const StoredFile& file_;
};

}  // namespace reprotrain::engine
