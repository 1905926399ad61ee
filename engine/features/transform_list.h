// SPDX-License-Identifier: Apache-2.0
// All transforms, by name.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/features/transform.h"

namespace reprotrain::engine {

struct TransformEntry {
  std::string_view op;
  bool only_chooses_columns;  ///< reads no value of the columns it names (select, drop)
  std::unique_ptr<Transform> (*fit)(const FitInput& input);
  std::unique_ptr<Transform> (*load)(const Hdf5Node& group);
};

/// The visible list: the elementwise kernels of kernels/feature/feature_list.h, then the others.
const std::vector<TransformEntry>& transform_list();

/// The entry called `op`, or nullptr.
const TransformEntry* find_transform(std::string_view op);

/// As find_transform; throws Error(kConfig) naming `pointer` and the closest name.
const TransformEntry& require_transform(std::string_view op, std::string_view pointer);

}  // namespace reprotrain::engine
