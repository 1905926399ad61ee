// SPDX-License-Identifier: Apache-2.0
// Between the element types of trees and tensors and the logical types of HDF5 files.
#pragma once

#include <optional>

#include "engine/data/hdf5_tree.h"
#include "engine/data/hdf5_type.h"

namespace reprotrain::engine {

Hdf5Type to_hdf5_type(ElementType type);

/// nullopt for binary16, enums and compounds, which have no ElementType.
std::optional<ElementType> to_element_type(const Hdf5Type& type);

}  // namespace reprotrain::engine
