// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace reprotrain::harness {

/// Throws Error(kUsage) when a command would overwrite `path` without having been told to.
void require_free(const std::string& path, bool force);

}  // namespace reprotrain::harness
