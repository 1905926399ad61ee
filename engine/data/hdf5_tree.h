// SPDX-License-Identifier: Apache-2.0
// Small HDF5 files (models, checkpoints, fitted features) as a tree of arrays in memory.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reprotrain::engine {

enum class ElementType {
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kFloat32,
  kFloat64,
  kString,
};

/// Bytes of one element; 0 for kString.
int64_t element_size_bytes(ElementType type);
/// "int32", "float32", "string", ...
std::string_view element_type_name(ElementType type);

/// An n-dimensional array, row-major; {} is a scalar. Numbers are stored little-endian in `bytes`,
/// strings (UTF-8) in `strings`.
struct Array {
  ElementType type = ElementType::kFloat32;
  std::vector<int64_t> shape;
  std::vector<std::byte> bytes;
  std::vector<std::string> strings;

  int64_t n_elements() const;

  /// Copies; every NaN becomes the canonical one (0x7fc00000 and its binary64 twin), so that files
  /// and content ids are the same whichever processor made it.
  static Array of(std::span<const float> values, std::vector<int64_t> shape);
  static Array of(std::span<const double> values, std::vector<int64_t> shape);
  static Array of(std::span<const int32_t> values, std::vector<int64_t> shape);
  static Array of(std::span<const int64_t> values, std::vector<int64_t> shape);
  static Array of(std::span<const uint64_t> values, std::vector<int64_t> shape);
  static Array of(std::vector<std::string> values);  ///< one dimension
  static Array scalar(int64_t value);
  static Array scalar(double value);
  static Array scalar(std::string value);

  /// Typed views. Throw Error(kData) when the type is another one.
  std::span<const float> floats() const;
  std::span<const double> doubles() const;
  std::span<const int32_t> int32s() const;
  std::span<const int64_t> int64s() const;
  std::span<const uint64_t> uint64s() const;
};

/// A group (`is_dataset` false) or a dataset.
struct Hdf5Node {
  bool is_dataset = false;
  Array array;                               ///< of a dataset
  std::map<std::string, Array> attributes;   ///< scalars and one-dimensional arrays
  std::map<std::string, Hdf5Node> children;  ///< of a group

  /// Child by slash-separated path; creates groups on the way.
  Hdf5Node& at_or_create(std::string_view path);
  /// Child by slash-separated path, or nullptr.
  const Hdf5Node* find(std::string_view path) const;
  /// As find; throws Error(kEvidence) naming `file` when it is missing.
  const Hdf5Node& require(std::string_view path, std::string_view file) const;
  void set_dataset(std::string_view path, Array value);
};

/// Writes the tree atomically (temporary file, fsync, rename, fsync of the directory). Two calls
/// with equal trees give byte-identical files with one version of libhdf5: no time stamps, no
/// filters, fixed property lists. Strings are variable-length UTF-8.
void write_hdf5(const Hdf5Node& root, const std::string& path);

/// Reads a whole file that write_hdf5 or a Hdf5Writer made, in a limited child process. Throws
/// Error(kData) when it is no sound HDF5 file, or when its content takes more bytes than the file: by
/// filters, fill values or links to one object, none of which this program writes.
Hdf5Node read_hdf5(const std::string& path);

}  // namespace reprotrain::engine
