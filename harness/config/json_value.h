// SPDX-License-Identifier: Apache-2.0
// JSON in memory, as every part of the harness holds it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

namespace reprotrain::harness {

using Json = nlohmann::json;

/// Largest magnitude up to which every whole number is a binary64 number, and so a JSON number that
/// every reader understands in the same way.
inline constexpr int64_t kLargestExactInteger = int64_t{1} << 53;

}  // namespace reprotrain::harness
