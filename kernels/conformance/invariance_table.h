// SPDX-License-Identifier: Apache-2.0
// What every operator is invariant under, as the table of docs/determinism.md.
#pragma once

#include <string>

namespace reprotrain::kernels {

/// Markdown, one row for each operator of conformance_checks(), ending in a newline.
std::string invariance_table();

}  // namespace reprotrain::kernels
