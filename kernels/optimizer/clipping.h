// SPDX-License-Identifier: Apache-2.0
// Clipping by the global norm of all gradients.
//
//   factor = f32(largest_norm / norm), the quotient in binary64, if norm > largest_norm and finite
//   g = g * factor, binary32; otherwise gradients stay as they are
// See also: optimizer_list.h, docs/arithmetic.md "Optimizers".
#pragma once

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"

namespace reprotrain::kernels {

/// Whether gradients of this norm are too long.
RPT_HD bool is_clipped(double norm, double largest_norm) {
  return norm > largest_norm && is_finite(norm);
}

/// What they are multiplied by then.
RPT_HD float clipping_factor(double norm, double largest_norm) {
  return static_cast<float>(largest_norm / norm);
}

}  // namespace reprotrain::kernels
