// SPDX-License-Identifier: Apache-2.0
#include "engine/data/content_id.h"

#include <cassert>
#include <utility>

#include "engine/data/hdf5_element_type.h"
#include "engine/data/hdf5_encoding.h"
#include "engine/data/little_endian.h"

namespace reprotrain::engine {

namespace {

constexpr std::string_view kGroupDomain = "h5c1:group\n";
constexpr std::string_view kDatasetDomain = "h5c1:dataset\n";

std::string header_bytes(const Hdf5Header& header) {
  std::string bytes;
  append_type(bytes, header.type);
  append_shape(bytes, header.shape);
  return bytes;
}

std::string_view as_text(const kernels::Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

kernels::Sha256Digest digest_of(std::string_view domain, uint32_t n_attributes,
                                std::string_view attributes, std::string_view body) {
  std::string count;
  append_little_endian(count, n_attributes);
  kernels::Sha256 sha;
  for (const std::string_view part : {domain, std::string_view(count), attributes, body}) {
    sha.update(part);
  }
  return sha.finish();
}

}  // namespace

void ContentIdHasher::begin_group(std::string_view name) {
  open_.push_back({std::string(name), {}, {}, 0, {}, 0});
}

void ContentIdHasher::end_group() {
  const Object& group = open_.back();
  std::string body;
  append_little_endian(body, group.n_children);
  body += group.children;
  close(digest_of(kGroupDomain, group.n_attributes, group.attributes, body));
}

void ContentIdHasher::begin_dataset(std::string_view name, const Hdf5Header& header) {
  open_.push_back({std::string(name), header_bytes(header), {}, 0, {}, 0});
}

void ContentIdHasher::end_dataset() {
  Object& dataset = open_.back();
  const std::string value = take_value(std::move(dataset.header));
  close(digest_of(kDatasetDomain, dataset.n_attributes, dataset.attributes, value));
}

void ContentIdHasher::begin_attribute(std::string_view name, const Hdf5Header& header) {
  Object& owner = open_.back();
  append_name(owner.attributes, name);
  ++owner.n_attributes;
  attribute_header_ = header_bytes(header);
}

void ContentIdHasher::end_attribute() {
  open_.back().attributes += take_value(std::move(attribute_header_));
}

/// V = T, S, number of logical bytes, Merkle root.
std::string ContentIdHasher::take_value(std::string header) {
  append_little_endian(header, static_cast<uint64_t>(tree_.size_bytes()));
  header += as_text(tree_.finish());
  return header;
}

void ContentIdHasher::close(const kernels::Sha256Digest& digest) {
  const std::string name = std::move(open_.back().name);
  open_.pop_back();
  if (open_.empty()) {
    root_ = digest;
    return;
  }
  Object& parent = open_.back();
  append_name(parent.children, name);
  parent.children += as_text(digest);
  ++parent.n_children;
}

std::string ContentIdHasher::id() const {
  assert(open_.empty());
  return "h5c1:" + kernels::hex(root_);
}

std::string hdf5_content_id(const std::string& path, const Hdf5Limits& limits) {
  ContentIdHasher hasher;
  visit_hdf5(path, limits, hasher);
  return hasher.id();
}

std::string tensor_content_id(ElementType type, std::span<const int64_t> shape,
                              std::span<const std::byte> bytes) {
  std::string value = header_bytes({to_hdf5_type(type), {shape.begin(), shape.end()}});
  kernels::MerkleTree tree;
  tree.update(bytes);
  append_little_endian(value, static_cast<uint64_t>(bytes.size()));
  value += as_text(tree.finish());
  return "tensor1:" + kernels::hex(digest_of(kDatasetDomain, 0, {}, value));
}

std::string array_content_id(const Array& array) {
  if (array.type != ElementType::kString) {
    return tensor_content_id(array.type, array.shape, array.bytes);
  }
  std::vector<std::byte> bytes;
  for (const std::string& text : array.strings) append_text(bytes, text);
  return tensor_content_id(array.type, array.shape, bytes);
}

}  // namespace reprotrain::engine
