// SPDX-License-Identifier: Apache-2.0
// Binary32 vectors as integers of few base-256 digits, and the way back: the scalar formulas of
// `int8x2-v1-draft` (p = 2 digits) and `int8x3-v1-draft` (p = 3).
//
//   M = largest finite magnitude of a row of A or a column of B, s = slice_exponent(M)
//   q = nearest integer to x * 2^s, ties to even;  q = d[0] + 256 d[1] + ...,  -128 <= d[n] <= 127
//   T = exact sum over k of the kept pairs of digits, lowest kept weight factored out
//   C = T * 2^(8(p-1) - s - t), rounded once
//
// Why: products of digits are exact in integer units (VNNI, tensor cores, plain loops), so neither
// order nor machine matters. The scale leaves no bit unused: half the error of a scale that keeps
// the top bit free, a quarter for the pairs left out.
// Determinism: pure functions. Multiplications by powers of two are exact, or their result rounds
// to the integer 0 either way.
// See also: docs/arithmetic.md "Matrix products of integer slices"; sliced_matmul.h.
#pragma once

#include <cstdint>

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"

namespace reprotrain::kernels {

/// The magnitudes of a vector's elements, as bits of abs(x): integer comparison orders them.
struct LargestMagnitude {
  int32_t finite = 0;  ///< the largest of the finite ones
  int32_t any = 0;     ///< the largest of all; a NaN is above infinity

  RPT_HD void operator()(float x) {
    const auto magnitude = static_cast<int32_t>(bits_of(x) & 0x7fffffffu);
    const int32_t if_finite = magnitude < kInfinity ? magnitude : 0;
    finite = finite > if_finite ? finite : if_finite;
    any = any > magnitude ? any : magnitude;
  }
  RPT_HD bool has_non_finite() const { return any >= kInfinity; }

 private:
  static constexpr int32_t kInfinity = 0x7f800000;
};

/// s of a vector whose largest finite_magnitude_bits are given: the largest s with
/// M * 2^s <= 32639 * 256^(p-2), between -114 and 171; 0 where M is 0.
RPT_HD int slice_exponent(uint32_t largest_magnitude_bits, int n_digits) {
  if (largest_magnitude_bits == 0) return 0;
  // A subnormal M is its own bits times 2^-149, and those bits are a small integer.
  const bool subnormal = largest_magnitude_bits < 0x00800000u;
  const uint32_t normal =
      subnormal ? bits_of(static_cast<float>(largest_magnitude_bits)) : largest_magnitude_bits;
  const int exponent = static_cast<int>(normal >> 23) - 127 - (subnormal ? 149 : 0);
  const int leaves_no_room = (normal & 0x007fffffu) > 0x007efe00u ? 1 : 0;
  return 8 * n_digits - 2 - exponent - leaves_no_room;
}

/// Multiplies by 2^s in two steps: 2^s itself may lie outside binary32.
struct SliceScale {
  float first = 1.0f;
  float second = 1.0f;

  RPT_HD static SliceScale of_exponent(int s) {
    const int half = s / 2;
    return {power_of_two(half), power_of_two(s - half)};
  }
  RPT_HD float operator()(float x) const { return x * first * second; }

 private:
  RPT_HD static float power_of_two(int exponent) {
    return float_from_bits(static_cast<uint32_t>(exponent + 127) << 23);
  }
};

/// q of one element. Branch-free, so that loops over it vectorise.
RPT_HD int32_t sliced_integer(float x, SliceScale scale) {
  // Adding 2^23 leaves no fraction bits: the addition rounds, and the fraction field is abs(q).
  constexpr float kNoFraction = 8388608.0f;
  constexpr uint32_t kNoFractionBits = 0x4b000000u;
  const uint32_t scaled = bits_of(scale(x));
  const float rounded = float_from_bits(scaled & 0x7fffffffu) + kNoFraction;
  const uint32_t magnitude = bits_of(rounded) - kNoFractionBits;
  const uint32_t sign = 0u - (scaled >> 31);
  const uint32_t keep = (bits_of(x) & 0x7f800000u) == 0x7f800000u ? 0u : ~0u;
  return static_cast<int32_t>(((magnitude ^ sign) - sign) & keep);
}

/// q without its lowest digit: (q - d[0]) / 256.
RPT_HD int32_t without_lowest_digit(int32_t q) { return (q + 128) >> 8; }
/// d[0].
RPT_HD int32_t lowest_digit(int32_t q) { return q - 256 * without_lowest_digit(q); }

/// All digits plus 128: byte n is d[n] + 128.
RPT_HD uint32_t offset_digits(int32_t q) { return static_cast<uint32_t>(q) + 0x808080u; }

/// T from the sums of its weights, the highest first: T' = 256 T + the sum of the next lower weight.
RPT_HD int64_t with_lower_weight(int64_t total, int32_t sum) { return total * 256 + sum; }

/// 2^exponent as binary64, for normal exponents.
RPT_HD double binary64_power_of_two(int exponent) {
  return double_from_bits(static_cast<uint64_t>(exponent + 1023) << 52);
}

/// 2^-s of a row or column; `lowest_weight` = 8(p-1) once per product, 0 for the other operand.
RPT_HD double unit_of(int s, int lowest_weight) { return binary64_power_of_two(lowest_weight - s); }

/// T * row_unit * column_unit, rounded once, for abs(T) < 2^53 (or T rounded to odd, below).
RPT_HD float rounded_once(double total, double row_unit, double column_unit) {
  return static_cast<float>(total * row_unit * column_unit);
}

/// The total as binary64, for abs(T) < 2^51, without the conversion that vectors of AVX2 lack.
RPT_HD double small_total(int64_t total) {
  constexpr double kNoFraction = 6755399441055744.0;  // 1.5 * 2^52
  return double_from_bits(static_cast<uint64_t>(total) + bits_of(kNoFraction)) - kNoFraction;
}

/// Whether every total over `depth` terms is that small: abs(T) < 2^22 K or 2^30 K.
RPT_HD bool totals_are_small(int64_t depth, int n_digits) {
  return depth <= int64_t{1} << (n_digits == 2 ? 29 : 21);
}

/// A binary64 number that rounded_once turns into what the exact total gives: the total itself, or
/// with its 11 last bits folded into one. A binary32 result has no use for more than 25 bits and
/// the knowledge of whether something follows.
RPT_HD double rounding_equivalent(int64_t total) {
  const uint64_t sign = total < 0 ? ~uint64_t{0} : 0;
  const uint64_t magnitude = (static_cast<uint64_t>(total) ^ sign) - sign;
  if (magnitude >> 53 == 0) return static_cast<double>(total);
  const uint64_t folded = magnitude >> 11 | static_cast<uint64_t>((magnitude & 0x7ffu) != 0);
  const double value = static_cast<double>(folded) * 2048.0;
  return total < 0 ? -value : value;
}

/// Sum over terms with a factor that is not finite: start at +0, give it every pair of factors.
/// The sum is an infinity or a NaN as soon as there was such a term, whatever the order.
RPT_HD float with_non_finite_term(float sum, float a, float b) {
  return is_finite(a) && is_finite(b) ? sum : sum + a * b;
}

}  // namespace reprotrain::kernels
