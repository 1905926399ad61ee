// SPDX-License-Identifier: Apache-2.0
#include "engine/data/stored_group.h"

#include "include/reprotrain/error.h"

namespace reprotrain::engine {

void StoredFile::refuse(const std::string& what) const {
  throw Error(ErrorKind::kEvidence,
              path + ": " + what + "; it is no " + kind + " of this program version");
}

StoredGroup StoredGroup::group(std::string_view path) const {
  const Hdf5Node& found = node_.require(path, file_.path);
  if (found.is_dataset) refuse("\"" + std::string(path) + "\" is a dataset instead of a group");
  return {found, file_};
}

const Array& StoredGroup::dataset(std::string_view path, ElementType type) const {
  const Hdf5Node& found = node_.require(path, file_.path);
  if (!found.is_dataset || found.array.type != type) {
    refuse("\"" + std::string(path) + "\" has another type");
  }
  return found.array;
}

const Array& StoredGroup::list(std::string_view path, ElementType type) const {
  const Array& array = dataset(path, type);
  if (array.shape.size() != 1) refuse("\"" + std::string(path) + "\" is not a list");
  return array;
}

double StoredGroup::real_dataset(std::string_view path) const {
  const Array& array = dataset(path, ElementType::kFloat64);
  if (array.n_elements() != 1) refuse("\"" + std::string(path) + "\" is not one value");
  return array.doubles()[0];
}

const Array& StoredGroup::attribute(const std::string& name, ElementType type) const {
  const auto found = node_.attributes.find(name);
  if (found == node_.attributes.end()) refuse("attribute \"" + name + "\" is missing");
  if (found->second.type != type) refuse("attribute \"" + name + "\" has another type");
  return found->second;
}

const Array& StoredGroup::single(const std::string& name, ElementType type) const {
  const Array& array = attribute(name, type);
  if (array.n_elements() != 1) refuse("attribute \"" + name + "\" is not one value");
  return array;
}

const std::string& StoredGroup::text(const std::string& name) const {
  return single(name, ElementType::kString).strings[0];
}

int64_t StoredGroup::integer(const std::string& name) const {
  return single(name, ElementType::kInt64).int64s()[0];
}

double StoredGroup::real(const std::string& name) const {
  return single(name, ElementType::kFloat64).doubles()[0];
}

}  // namespace reprotrain::engine
