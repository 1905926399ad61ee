// SPDX-License-Identifier: Apache-2.0
#include "engine/models/stored_attribute.h"

#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

const Array& single_element(const Hdf5Node& node, const std::string& name, ElementType type,
                            const std::string& path) {
  const Array& array = stored_attribute(node, name, type, path);
  if (array.n_elements() != 1) refuse_model(path, "attribute \"" + name + "\" is not one value");
  return array;
}

}  // namespace

void refuse_model(const std::string& path, const std::string& what) {
  throw Error(ErrorKind::kEvidence,
              path + ": " + what + "; it is no model of this program version");
}

const Array& stored_attribute(const Hdf5Node& node, const std::string& name, ElementType type,
                              const std::string& path) {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) refuse_model(path, "attribute \"" + name + "\" is missing");
  if (found->second.type != type) {
    refuse_model(path, "attribute \"" + name + "\" has another type");
  }
  return found->second;
}

const std::string& stored_text(const Hdf5Node& node, const std::string& name,
                               const std::string& path) {
  return single_element(node, name, ElementType::kString, path).strings[0];
}

int64_t stored_integer(const Hdf5Node& node, const std::string& name, const std::string& path) {
  return single_element(node, name, ElementType::kInt64, path).int64s()[0];
}

double stored_real(const Hdf5Node& node, const std::string& name, const std::string& path) {
  return single_element(node, name, ElementType::kFloat64, path).doubles()[0];
}

}  // namespace reprotrain::engine
