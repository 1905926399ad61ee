// SPDX-License-Identifier: Apache-2.0
// What a library may count on of the addresses of operands.
#pragma once

#include <cstdint>

namespace reprotrain::kernels {

/// The largest power of two up to 16 that divides all numbers whose bits are in `bits`: addresses, and
/// bytes between rows.
inline uint32_t alignment_of(uintptr_t bits) {
  bits |= 16;
  return static_cast<uint32_t>(bits & (~bits + 1));
}

}  // namespace reprotrain::kernels
