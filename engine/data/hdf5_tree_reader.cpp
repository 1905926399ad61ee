// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <new>
#include <system_error>

#include "engine/data/hdf5_element_type.h"
#include "engine/data/hdf5_stream.h"
#include "engine/data/hdf5_tree.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

/// What a group, a dataset or an attribute takes of a file at least, besides its name and data.
constexpr size_t kObjectBytes = 16;

/// Collects events into nodes, no more than a file of `n_bytes` can hold.
class TreeBuilder final : public Hdf5Visitor {
 public:
  TreeBuilder(const std::string& path, int64_t n_bytes, Hdf5Node& root)
      : path_(path), bytes_left_(n_bytes), open_{&root} {}

  void begin_group(std::string_view name) override {
    take(kObjectBytes + name.size());
    if (!name.empty()) open_.push_back(&open_.back()->children[std::string(name)]);
  }
  void end_group() override { open_.pop_back(); }

  void begin_dataset(std::string_view name, const Hdf5Header& header) override {
    take(kObjectBytes + name.size());
    Hdf5Node& node = open_.back()->children[std::string(name)];
    node.is_dataset = true;
    prepare(node.array, header, "dataset " + std::string(name));
    open_.push_back(&node);
  }
  void end_dataset() override { open_.pop_back(); }

  void begin_attribute(std::string_view name, const Hdf5Header& header) override {
    take(kObjectBytes + name.size());
    attribute_ = &open_.back()->attributes[std::string(name)];
    prepare(*attribute_, header, "attribute " + std::string(name));
  }
  void end_attribute() override { attribute_ = nullptr; }

  void data(std::span<const std::byte> elements) override {
    Array& array = attribute_ != nullptr ? *attribute_ : open_.back()->array;
    take(elements.size());
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
    const int64_t n_bytes = header.n_elements() * element_size_bytes(*type);
    if (n_bytes > bytes_left_) refuse_size();
    array.bytes.reserve(static_cast<size_t>(n_bytes));
  }

  void take(size_t n_bytes) {
    bytes_left_ -= static_cast<int64_t>(n_bytes);
    if (bytes_left_ < 0) refuse_size();
  }

  [[noreturn]] void refuse_size() const {
    throw Error(ErrorKind::kData, path_ +
                                      ": its content takes more bytes than the file; use a file "
                                      "that this program wrote");
  }

  const std::string& path_;
  int64_t bytes_left_;
  std::vector<Hdf5Node*> open_;
  Array* attribute_ = nullptr;
};

}  // namespace

Hdf5Node read_hdf5(const std::string& path) {
  std::error_code no_file;  // which the parser makes a sentence of
  const auto size = std::filesystem::file_size(path, no_file);
  const int64_t n_bytes = no_file ? 0 : static_cast<int64_t>(size);
  Hdf5Node root;
  TreeBuilder builder(path, n_bytes, root);
  try {
    visit_hdf5(path, {}, builder);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::kEnvironment, path +
                                             ": its content does not fit in memory; free some or "
                                             "check that the file is the one you mean");
  }
  return root;
}

}  // namespace reprotrain::engine
