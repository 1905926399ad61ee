// SPDX-License-Identifier: Apache-2.0
// Binary64 functions for learning-rate schedules and powers of decay rates, in a stated order.
//
// Unlike the binary32 functions these are defined by their operations, not by correct rounding: a
// binary64 argument leaves too many values to prove it for.
//   cospi_unit: t <= 1/4: C(t t); t < 3/4: h S(h h) with h = 1/2 - t; else -C((1-t)(1-t)),
//     C and S by Horner's scheme, coefficients in elementary_table.h.
//   power_of: square and multiply, lowest bit of the exponent first.
// Why: a handful of calls per training step.
// Determinism: any device; no fma.
// See also: docs/arithmetic.md, "Learning-rate schedules".
#pragma once

#include <cstdint>

#include "kernels/base/hd.h"
#include "kernels/elementwise/elementary_table.h"

namespace reprotrain::kernels::rounded {

/// cos(pi t) for t in [0, 1], absolute error below 2^-52. Exact at 0, 1/2 and 1, and
/// cospi_unit(1 - t) = -cospi_unit(t) wherever 1 - t is exact. A NaN gives a NaN.
RPT_HD double cospi_unit(double t) {
  if (t <= 0.25) return cospi_series(t * t);
  if (t < 0.75) {
    const double from_middle = 0.5 - t;
    return from_middle * sinpi_series(from_middle * from_middle);
  }
  const double from_end = 1.0 - t;
  return -cospi_series(from_end * from_end);
}

/// base^exponent, base^0 = 1 for every base.
RPT_HD double power_of(double base, uint64_t exponent) {
  double result = 1.0;
  double square = base;
  for (uint64_t rest = exponent; rest != 0; rest >>= 1) {
    if ((rest & 1u) != 0) result = result * square;
    square = square * square;
  }
  return result;
}

}  // namespace reprotrain::kernels::rounded
