// SPDX-License-Identifier: Apache-2.0
// Test values that the oracles in tests/oracle can generate too.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/base/float_bits.h"
#include "kernels/random/philox.h"

namespace reprotrain::testing {

/// Value i has the sign and fraction of random word i of (seed, stream 0, step 0), and the exponent
/// field `lowest_field` + (that word's own exponent field) mod `n_fields`.
inline std::vector<float> generated_floats(uint64_t seed, uint32_t lowest_field, uint32_t n_fields,
                                           size_t n) {
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i) {
    const uint32_t word = kernels::random_word({seed, 0, 0}, i);
    const uint32_t field = lowest_field + (word >> 23 & 0xffu) % n_fields;
    values[i] = kernels::float_from_bits((word & 0x807fffffu) | field << 23);
  }
  return values;
}

}  // namespace reprotrain::testing
