// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace reprotrain::harness {

/// Throws Error(kUsage) when a command would overwrite `path` without having been told to.
void require_free(const std::string& path, bool force);

/// Throws Error(kUsage) when `path` is the file `input`, or lies in the run directory `input`: neither
/// is overwritten, whatever was asked for.
void require_apart(const std::string& path, const std::string& input);

}  // namespace reprotrain::harness
