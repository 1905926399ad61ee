// SPDX-License-Identifier: Apache-2.0
// Mean and variance from exact sums: rationals, rounded once to binary64.
//
//   mean     = f64(sum x / n)
//   variance = f64((n * sum x^2 - (sum x)^2) / n^2)
//
// Rules: a sum that is not finite is the mean, and makes the variance NaN. 1 <= n <= 2^40.
// See also: exact_sum.h, wide_integer.h.
#pragma once

#include <cassert>
#include <cstdint>

#include "kernels/base/hd.h"
#include "kernels/reduce/exact_sum.h"
#include "kernels/reduce/wide_integer.h"

namespace reprotrain::kernels {

/// f64(sum / n).
RPT_HD double exact_mean(const ExactSum& sum, int64_t n) {
  assert(n >= 1);
  if (!sum.finite()) return sum.special_value();
  ExactSum::Magnitude magnitude;
  const bool negative = sum.to_magnitude(magnitude);
  // 128 bits more than the integer has: its quotient by n <= 2^40 keeps more than 53.
  auto quotient = scaled_up<4>(magnitude);
  const bool has_tail = quotient.divide_by(static_cast<uint64_t>(n)) != 0;
  return rounded_to_binary64(negative, quotient, ExactSum::kLowestExponent - 128, has_tail);
}

/// |sum| of binary32 terms as a multiple of 2^-149, their last bit: less than 2^(277 + 40).
RPT_HD WideInteger<10> in_units_of_binary32(const ExactSum& sum) {
  ExactSum::Magnitude magnitude;
  sum.to_magnitude(magnitude);
  WideInteger<10> units;
  for (int i = 0; i < 10; ++i) {
    units.digit[i] = static_cast<uint32_t>(magnitude.bits_from(149 + 32 * i));
  }
  return units;
}

/// f64((n * sum_of_squares - sum^2) / n^2), for the sums of the same n binary32 values.
RPT_HD double exact_variance(const ExactSum& sum, const ExactSum& sum_of_squares, int64_t n) {
  assert(n >= 1);
  if (!sum.finite()) return double_from_bits(0x7ff8000000000000ull);
  const auto divisor = static_cast<uint64_t>(n);
  const WideInteger<2> count{
      {static_cast<uint32_t>(divisor), static_cast<uint32_t>(divisor >> 32)}};
  ExactSum::Magnitude squares;
  sum_of_squares.to_magnitude(squares);
  const WideInteger<10> total = in_units_of_binary32(sum);
  // Both products are multiples of 2^-298. 192 bits more, for a quotient by n^2 <= 2^80; what
  // either division leaves over counts.
  auto quotient = scaled_up<6>(difference(product(squares, count), product(total, total)));
  const bool has_first_tail = quotient.divide_by(divisor) != 0;
  const bool has_second_tail = quotient.divide_by(divisor) != 0;
  return rounded_to_binary64(false, quotient, ExactSum::kLowestExponent - 192,
                             has_first_tail || has_second_tail);
}

}  // namespace reprotrain::kernels
