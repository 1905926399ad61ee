// SPDX-License-Identifier: Apache-2.0
// Transforms made of the elementwise kernels of kernels/feature/feature_list.h.
#pragma once

#include <vector>

#include "engine/features/transform_list.h"

namespace reprotrain::engine {

/// One entry for each kernel of the list. They work on numeric columns, block columns element by
/// element. A value that is finite before and not after is an Error(kData) naming column and row.
std::vector<TransformEntry> elementwise_transforms();

}  // namespace reprotrain::engine
