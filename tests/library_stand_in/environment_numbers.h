// SPDX-License-Identifier: Apache-2.0
// Numbers by which a test tells a stand-in how to behave.
#pragma once

#include <cstdint>
#include <cstdlib>

/// The number in an environment variable, or `otherwise` where it is not set.
inline uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}
