// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_tree.h"

#include <cassert>
#include <cstring>
#include <type_traits>

#include "engine/data/hdf5_type.h"
#include "engine/data/hdf5_writer.h"
#include "include/reprotrain/error.h"
#include "kernels/base/float_bits.h"

namespace reprotrain::engine {

namespace {

template <typename T>
constexpr ElementType element_type_of();
template <>
constexpr ElementType element_type_of<float>() {
  return ElementType::kFloat32;
}
template <>
constexpr ElementType element_type_of<double>() {
  return ElementType::kFloat64;
}
template <>
constexpr ElementType element_type_of<int32_t>() {
  return ElementType::kInt32;
}
template <>
constexpr ElementType element_type_of<int64_t>() {
  return ElementType::kInt64;
}
template <>
constexpr ElementType element_type_of<uint64_t>() {
  return ElementType::kUint64;
}

/// Replaces every NaN among the elements by the canonical one.
template <typename T>
void canonicalise(std::span<std::byte> bytes) {
  for (size_t at = 0; at < bytes.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    value = kernels::canonical(value);
    std::memcpy(bytes.data() + at, &value, sizeof value);
  }
}

template <typename T>
Array numbers(std::span<const T> values, std::vector<int64_t> shape) {
  Array array;
  array.type = element_type_of<T>();
  array.shape = std::move(shape);
  assert(array.n_elements() == static_cast<int64_t>(values.size()));
  const auto bytes = std::as_bytes(values);
  array.bytes.assign(bytes.begin(), bytes.end());
  if constexpr (std::is_floating_point_v<T>) canonicalise<T>(array.bytes);
  return array;
}

/// Vectors of bytes come from operator new and are aligned for every element type.
template <typename T>
std::span<const T> view(const Array& array) {
  if (array.type != element_type_of<T>()) {
    throw Error(ErrorKind::kData, "an HDF5 value is " + std::string(element_type_name(array.type)) +
                                      " where " +
                                      std::string(element_type_name(element_type_of<T>())) +
                                      " is expected; use a file that this program wrote");
  }
  return {reinterpret_cast<const T*>(array.bytes.data()), array.bytes.size() / sizeof(T)};
}

/// Splits "a/b/c" into "a" and "b/c"; leading slashes are ignored.
std::string_view take_part(std::string_view& path) {
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  const std::string_view part = path.substr(0, path.find('/'));
  path.remove_prefix(part.size());
  return part;
}

void write_node(Hdf5Writer& writer, const Hdf5Node& node, const std::string& path) {
  if (node.is_dataset) {
    writer.dataset(path, node.array);
  } else if (path != "/") {
    writer.group(path);
  }
  for (const auto& [name, value] : node.attributes) writer.attribute(path, name, value);
  for (const auto& [name, child] : node.children) {
    write_node(writer, child, path == "/" ? "/" + name : path + "/" + name);
  }
}

}  // namespace

int64_t Array::n_elements() const { return Hdf5Header{{}, shape}.n_elements(); }

Array Array::of(std::span<const float> values, std::vector<int64_t> shape) {
  return numbers(values, std::move(shape));
}
Array Array::of(std::span<const double> values, std::vector<int64_t> shape) {
  return numbers(values, std::move(shape));
}
Array Array::of(std::span<const int32_t> values, std::vector<int64_t> shape) {
  return numbers(values, std::move(shape));
}
Array Array::of(std::span<const int64_t> values, std::vector<int64_t> shape) {
  return numbers(values, std::move(shape));
}
Array Array::of(std::span<const uint64_t> values, std::vector<int64_t> shape) {
  return numbers(values, std::move(shape));
}

Array Array::of(std::vector<std::string> values) {
  Array array;
  array.type = ElementType::kString;
  array.shape = {static_cast<int64_t>(values.size())};
  array.strings = std::move(values);
  return array;
}

Array Array::scalar(int64_t value) { return numbers(std::span<const int64_t>(&value, 1), {}); }
Array Array::scalar(double value) { return numbers(std::span<const double>(&value, 1), {}); }
Array Array::scalar(std::string value) {
  Array array;
  array.type = ElementType::kString;
  array.strings.push_back(std::move(value));
  return array;
}

std::span<const float> Array::floats() const { return view<float>(*this); }
std::span<const double> Array::doubles() const { return view<double>(*this); }
std::span<const int32_t> Array::int32s() const { return view<int32_t>(*this); }
std::span<const int64_t> Array::int64s() const { return view<int64_t>(*this); }
std::span<const uint64_t> Array::uint64s() const { return view<uint64_t>(*this); }

Hdf5Node& Hdf5Node::at_or_create(std::string_view path) {
  Hdf5Node* node = this;
  for (std::string_view part = take_part(path); !part.empty(); part = take_part(path)) {
    node = &node->children[std::string(part)];
  }
  return *node;
}

const Hdf5Node* Hdf5Node::find(std::string_view path) const {
  const Hdf5Node* node = this;
  std::string_view rest = path;
  for (std::string_view part = take_part(rest); !part.empty(); part = take_part(rest)) {
    const auto child = node->children.find(std::string(part));
    if (child == node->children.end()) return nullptr;
    node = &child->second;
  }
  return node;
}

const Hdf5Node& Hdf5Node::require(std::string_view path, std::string_view file) const {
  if (const Hdf5Node* node = find(path)) return *node;
  throw Error(ErrorKind::kEvidence, std::string(file) + ": " + std::string(path) +
                                        " is missing; restore the file or make it again");
}

void Hdf5Node::set_dataset(std::string_view path, Array value) {
  Hdf5Node& node = at_or_create(path);
  node.is_dataset = true;
  node.array = std::move(value);
}

void write_hdf5(const Hdf5Node& root, const std::string& path) {
  write_hdf5_file(path, [&](Hdf5Writer& writer) { write_node(writer, root, "/"); });
}

}  // namespace reprotrain::engine
