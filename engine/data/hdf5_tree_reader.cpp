// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <new>

#include "engine/data/hdf5_element_type.h"
#include "engine/data/hdf5_stream.h"
#include "engine/data/hdf5_tree.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

/// Collects events into nodes.
class TreeBuilder final : public Hdf5Visitor {
 public:
  TreeBuilder(const std::string& path, Hdf5Node& root) : path_(path), open_{&root} {}

  void begin_group(std::string_view name) override {
    if (!name.empty()) open_.push_back(&open_.back()->children[std::string(name)]);
  }
  void end_group() override { open_.pop_back(); }

  void begin_dataset(std::string_view name, const Hdf5Header& header) override {
    Hdf5Node& node = open_.back()->children[std::string(name)];
    node.is_dataset = true;
    prepare(node.array, header, "dataset " + std::string(name));
    open_.push_back(&node);
  }
  void end_dataset() override { open_.pop_back(); }

  void begin_attribute(std::string_view name, const Hdf5Header& header) override {
    attribute_ = &open_.back()->attributes[std::string(name)];
    prepare(*attribute_, header, "attribute " + std::string(name));
  }
  void end_attribute() override { attribute_ = nullptr; }

  void data(std::span<const std::byte> elements) override {
    Array& array = attribute_ != nullptr ? *attribute_ : open_.back()->array;
    if (array.type != ElementType::kString) {
      array.bytes.insert(array.bytes.end(), elements.begin(), elements.end());
      return;
    }
    while (!elements.empty()) array.strings.emplace_back(take_text(elements));
  }

 private:
  void prepare(Array& array, const Hdf5Header& header, const std::string& place) const {
    const auto type = to_element_type(header.type);
    if (!type) {
      throw Error(ErrorKind::kData, path_ + ": " + place + " has type " + type_name(header.type) +
                                        "; use a file that this program wrote");
    }
    array.type = *type;
    array.shape = header.shape;
    array.bytes.reserve(static_cast<size_t>(header.n_elements() * element_size_bytes(*type)));
  }

  const std::string& path_;
  std::vector<Hdf5Node*> open_;
  Array* attribute_ = nullptr;
};

}  // namespace

Hdf5Node read_hdf5(const std::string& path, int64_t limit_bytes) {
  Hdf5Limits limits;
  limits.decoded_bytes = limit_bytes;
  limits.attribute_bytes = std::min(limits.attribute_bytes, limit_bytes);
  Hdf5Node root;
  TreeBuilder builder(path, root);
  try {
    visit_hdf5(path, limits, builder);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::kEnvironment, path +
                                             ": its content does not fit in memory; free some or "
                                             "check that the file is the one you mean");
  }
  return root;
}

}  // namespace reprotrain::engine
