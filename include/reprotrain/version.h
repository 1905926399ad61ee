// SPDX-License-Identifier: Apache-2.0
// The version of reprotrain, as the program and its records name it.
#pragma once

namespace reprotrain {

/// "0.1.0"; the project's version in CMakeLists.txt.
inline constexpr const char* kVersion = "0.1.0";

}  // namespace reprotrain
