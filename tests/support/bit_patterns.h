// SPDX-License-Identifier: Apache-2.0
// Floats as bit patterns, with every NaN the canonical one, for comparing results.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/float_bits.h"
#include "tests/support/known_answers.h"

namespace reprotrain::testing {

using Bits = std::vector<uint32_t>;

inline Bits bit_patterns(std::span<const float> values) {
  Bits bits;
  for (float value : values) bits.push_back(kernels::bits_of(kernels::canonical(value)));
  return bits;
}

inline Bits bit_patterns(const std::vector<std::string>& words) {
  Bits bits;
  for (const std::string& word : words) bits.push_back(static_cast<uint32_t>(from_hex(word)));
  return bits;
}

}  // namespace reprotrain::testing
