// SPDX-License-Identifier: Apache-2.0
#include <cassert>

#include "engine/data/hdf5_output.h"
#include "engine/data/hdf5_writer.h"
#include "engine/data/text_pointers.h"

namespace reprotrain::engine {

namespace {

using Lock = std::lock_guard<std::mutex>;

/// The texts of logical bytes, as many as they hold.
std::vector<std::string> texts_of(std::span<const std::byte> elements) {
  std::vector<std::string> texts;
  while (!elements.empty()) texts.emplace_back(take_text(elements));
  return texts;
}

}  // namespace

struct Hdf5FileSink::State {
  explicit State(const std::string& file_path) : path(file_path), output(file_path) {}

  hid_t parent() const { return groups.empty() ? output.file() : groups.back().get(); }

  void write(std::span<const std::byte> elements) {
    if (header.type.type_class == Hdf5Class::kString) {
      const std::vector<std::string> texts = texts_of(elements);
      const TextPointers pointers(texts, path);
      return write(static_cast<int64_t>(texts.size()), pointers.data());
    }
    write(static_cast<int64_t>(elements.size()) / header.type.size_bytes, elements.data());
  }
  void write(int64_t n, const void* elements) {
    output.write_elements(dataset.get(), header, n_written, n, elements);
    n_written += n;
  }
  void write_attribute() {
    if (attribute_header.type.type_class == Hdf5Class::kString) {
      const std::vector<std::string> texts = texts_of(attribute_elements);
      const TextPointers pointers(texts, path);
      return output.write_attribute(attribute.get(), attribute_header, pointers.data());
    }
    output.write_attribute(attribute.get(), attribute_header, attribute_elements.data());
  }

  std::string path;
  Hdf5Output output;
  std::vector<Hdf5Handle> groups;  ///< open ones below the root, outermost first
  bool in_root = false;
  Hdf5Handle dataset;
  Hdf5Header header;  ///< of the dataset
  int64_t n_written = 0;
  Hdf5Handle attribute;
  Hdf5Header attribute_header;
  std::vector<std::byte> attribute_elements;  ///< written whole at the end
};

Hdf5FileSink::Hdf5FileSink(const std::string& path) {
  const Lock lock(hdf5_mutex());
  state_ = std::make_unique<State>(path);
}

Hdf5FileSink::~Hdf5FileSink() {
  const Lock lock(hdf5_mutex());
  state_.reset();
}

void Hdf5FileSink::begin_group(std::string_view name) {
  const Lock lock(hdf5_mutex());
  if (state_->in_root) {
    state_->groups.push_back(state_->output.create_group(state_->parent(), std::string(name)));
  }
  state_->in_root = true;
}

void Hdf5FileSink::end_group() {
  const Lock lock(hdf5_mutex());
  if (!state_->groups.empty()) state_->groups.pop_back();
}

void Hdf5FileSink::begin_dataset(std::string_view name, const Hdf5Header& header) {
  const Lock lock(hdf5_mutex());
  state_->header = header;
  state_->n_written = 0;
  state_->dataset = state_->output.create_dataset(state_->parent(), std::string(name), header);
}

void Hdf5FileSink::end_dataset() {
  const Lock lock(hdf5_mutex());
  assert(state_->n_written == state_->header.n_elements());
  state_->dataset.reset();
}

void Hdf5FileSink::begin_attribute(std::string_view name, const Hdf5Header& header) {
  const Lock lock(hdf5_mutex());
  const hid_t owner = state_->dataset.ok() ? state_->dataset.get() : state_->parent();
  state_->attribute_header = header;
  state_->attribute_elements.clear();
  state_->attribute = state_->output.create_attribute(owner, std::string(name), header);
}

void Hdf5FileSink::end_attribute() {
  const Lock lock(hdf5_mutex());
  state_->write_attribute();
  state_->attribute.reset();
}

void Hdf5FileSink::data(std::span<const std::byte> elements) {
  if (state_->attribute.ok()) {
    state_->attribute_elements.insert(state_->attribute_elements.end(), elements.begin(),
                                      elements.end());
    return;
  }
  const Lock lock(hdf5_mutex());
  state_->write(elements);
}

void Hdf5FileSink::close() {
  const Lock lock(hdf5_mutex());
  state_->output.close();
}

}  // namespace reprotrain::engine
