// SPDX-License-Identifier: Apache-2.0
// Polynomials with literal coefficients.
#pragma once

#include "kernels/base/hd.h"

namespace reprotrain::kernels::rounded {

/// c0 + x * (c1 + x * (c2 + ...)), evaluated from the inside out, one rounding per operation.
RPT_HD double horner(double /*x*/, double c0) { return c0; }
template <typename... Coefficients>
RPT_HD double horner(double x, double c0, Coefficients... higher) {
  return c0 + x * horner(x, higher...);
}

}  // namespace reprotrain::kernels::rounded
