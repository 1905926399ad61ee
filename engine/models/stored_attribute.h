// SPDX-License-Identifier: Apache-2.0
// Attributes of model.h5, checked before they are looked at.
#pragma once

#include <string>

#include "engine/data/hdf5_tree.h"

namespace reprotrain::engine {

/// Throws Error(kEvidence): `path` is no model of this program version, and why.
[[noreturn]] void refuse_model(const std::string& path, const std::string& what);

/// The attribute `name` of `node`, of that type, with any number of elements. Throws as refuse_model.
const Array& stored_attribute(const Hdf5Node& node, const std::string& name, ElementType type,
                              const std::string& path);

// The single element of an attribute.
const std::string& stored_text(const Hdf5Node& node, const std::string& name,
                               const std::string& path);
int64_t stored_integer(const Hdf5Node& node, const std::string& name, const std::string& path);
double stored_real(const Hdf5Node& node, const std::string& name, const std::string& path);

}  // namespace reprotrain::engine
