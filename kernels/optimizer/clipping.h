// SPDX-License-Identifier: Apache-2.0
// Clipping by the global norm of all gradients.
//
//   factor = f32(largest_norm / norm), the quotient in binary64, if norm > largest_norm and finite
//   g = g * factor, binary32; otherwise gradients stay as they are
// See also: optimizer_list.h, docs/arithmetic.md "Optimizers".
#pragma once

#include <optional>

#include "kernels/base/float_bits.h"

namespace reprotrain::kernels {

/// What gradients of this norm are multiplied by, or nothing.
inline std::optional<float> clipping_factor(double norm, double largest_norm) {
  if (!(norm > largest_norm) || !is_finite(norm)) return std::nullopt;
  return static_cast<float>(largest_norm / norm);
}

}  // namespace reprotrain::kernels
