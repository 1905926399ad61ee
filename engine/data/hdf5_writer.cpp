// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_writer.h"

#include <algorithm>
#include <cassert>

#include "engine/data/atomic_file.h"
#include "engine/data/hdf5_element_type.h"
#include "engine/data/hdf5_output.h"
#include "engine/data/text_pointers.h"

namespace reprotrain::engine {

namespace {

using Lock = std::lock_guard<std::mutex>;

/// "/a/b/c" -> {"a", "b", "c"}.
std::vector<std::string> path_parts(const std::string& path) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

const void* elements_of(const Array& value, const TextPointers& texts) {
  if (value.type == ElementType::kString) return texts.data();
  return value.bytes.data();
}

Hdf5Header header_of(const Array& value) { return {to_hdf5_type(value.type), value.shape}; }

}  // namespace

struct Hdf5Writer::State {
  explicit State(const std::string& file_path) : path(file_path), output(file_path) {}

  /// Makes the groups above the last part of `object`, and returns where and under which name to
  /// put it. The handle owns nothing when the parent is the root.
  struct Place {
    Hdf5Handle parent;
    hid_t parent_id;
    std::string name;
  };
  Place place_for(const std::string& object) {
    std::vector<std::string> parts = path_parts(object);
    assert(!parts.empty());
    Place place{Hdf5Handle(), output.file(), parts.back()};
    parts.pop_back();
    for (const std::string& part : parts) {
      Hdf5Handle next = output.has_link(place.parent_id, part)
                            ? output.open_object(place.parent_id, part)
                            : output.create_group(place.parent_id, part);
      place.parent = std::move(next);
      place.parent_id = place.parent.get();
    }
    return place;
  }

  void write_dataset(const std::string& object, const Hdf5Header& header, const void* elements) {
    const Place place = place_for(object);
    const Hdf5Handle dataset = output.create_dataset(place.parent_id, place.name, header);
    output.write_elements(dataset.get(), header, 0, header.n_elements(), elements);
  }

  std::string path;
  Hdf5Output output;
};

Hdf5Writer::Hdf5Writer(const std::string& path) {
  const Lock lock(hdf5_mutex());
  state_ = std::make_unique<State>(path);
}

Hdf5Writer::~Hdf5Writer() {
  const Lock lock(hdf5_mutex());
  state_.reset();
}

void Hdf5Writer::group(const std::string& path) {
  const Lock lock(hdf5_mutex());
  const State::Place place = state_->place_for(path);
  if (!state_->output.has_link(place.parent_id, place.name)) {
    state_->output.create_group(place.parent_id, place.name);
  }
}

void Hdf5Writer::dataset(const std::string& path, ElementType type, std::span<const int64_t> shape,
                         const void* values) {
  assert(type != ElementType::kString);
  const Lock lock(hdf5_mutex());
  state_->write_dataset(path, {to_hdf5_type(type), {shape.begin(), shape.end()}}, values);
}

void Hdf5Writer::dataset(const std::string& path, std::span<const std::string> values) {
  const TextPointers texts(values, state_->path);
  const Lock lock(hdf5_mutex());
  state_->write_dataset(path, {Hdf5Type::string(), {static_cast<int64_t>(values.size())}},
                        texts.data());
}

void Hdf5Writer::dataset(const std::string& path, const Array& value) {
  const TextPointers texts(value.strings, state_->path);
  const Lock lock(hdf5_mutex());
  state_->write_dataset(path, header_of(value), elements_of(value, texts));
}

void Hdf5Writer::attribute(const std::string& object, const std::string& name, const Array& value) {
  const TextPointers texts(value.strings, state_->path);
  const Hdf5Header header = header_of(value);
  const Lock lock(hdf5_mutex());
  const Hdf5Handle owner = state_->output.open_object(state_->output.file(), object);
  const Hdf5Handle attribute = state_->output.create_attribute(owner.get(), name, header);
  state_->output.write_attribute(attribute.get(), header, elements_of(value, texts));
}

void Hdf5Writer::close() {
  const Lock lock(hdf5_mutex());
  state_->output.close();
}

void write_hdf5_file(const std::string& path, const std::function<void(Hdf5Writer&)>& fill) {
  replace_file(path, [&](const std::string& temporary) {
    Hdf5Writer writer(temporary);
    fill(writer);
    writer.close();
  });
}

}  // namespace reprotrain::engine
