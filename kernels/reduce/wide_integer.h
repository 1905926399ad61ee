// SPDX-License-Identifier: Apache-2.0
// Unsigned integers of a fixed, large width, and their one rounding to binary32 or binary64.
//
// Why: an exact sum, or an exact quotient of sums, is an integer of some hundred bits times a power
// of two. It is rounded exactly once, straight to the final grid, so that subnormals are right too.
// Determinism: integer operations only; no heap.
// See also: exact_sum.h (sums), exact_moments.h (quotients).
#pragma once

#include <bit>
#include <cstdint>

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"

namespace reprotrain::kernels {

/// Zero bits above the highest one of x, which is not zero.
RPT_HD int leading_zeros(uint32_t x) {
#if defined(__CUDA_ARCH__)
  return __clz(static_cast<int>(x));
#else
  return std::countl_zero(x);
#endif
}

/// value = sum of digit[i] * 2^(32 i).
template <int kDigits>
struct WideInteger {
  uint32_t digit[kDigits] = {};

  RPT_HD int bit_length() const {
    for (int i = kDigits - 1; i >= 0; --i) {
      if (digit[i] != 0) return 32 * i + 32 - leading_zeros(digit[i]);
    }
    return 0;
  }

  RPT_HD bool bit(int index) const { return (digit[index / 32] >> (index % 32) & 1u) != 0; }

  /// Whether any of the lowest `n_bits` bits is set.
  RPT_HD bool any_below(int n_bits) const {
    for (int i = 0; i < n_bits / 32; ++i) {
      if (digit[i] != 0) return true;
    }
    return n_bits % 32 != 0 && (digit[n_bits / 32] & ((1u << (n_bits % 32)) - 1u)) != 0;
  }

  /// The 64 bits from bit `index` up.
  RPT_HD uint64_t bits_from(int index) const {
    const int first = index / 32;
    const int shift = index % 32;
    uint64_t result = (uint64_t{digit_or_zero(first + 1)} << 32 | digit_or_zero(first)) >> shift;
    if (shift != 0) result |= uint64_t{digit_or_zero(first + 2)} << (64 - shift);
    return result;
  }

  RPT_HD uint32_t digit_or_zero(int index) const { return index < kDigits ? digit[index] : 0u; }

  /// Replaces the value by its quotient; returns the remainder. divisor < 2^63.
  RPT_HD uint64_t divide_by(uint64_t divisor) {
    __extension__ typedef unsigned __int128 Wide;
    uint64_t remainder = 0;
    for (int i = kDigits - 1; i >= 0; --i) {
      const Wide dividend = static_cast<Wide>(remainder) << 32 | digit[i];
      digit[i] = static_cast<uint32_t>(dividend / divisor);
      remainder = static_cast<uint64_t>(dividend % divisor);
    }
    return remainder;
  }
};

/// a * b, exactly.
template <int kLeft, int kRight>
RPT_HD WideInteger<kLeft + kRight> product(const WideInteger<kLeft>& a,
                                           const WideInteger<kRight>& b) {
  WideInteger<kLeft + kRight> result;
  for (int i = 0; i < kLeft; ++i) {
    uint64_t carry = 0;
    for (int j = 0; j < kRight; ++j) {
      carry += uint64_t{a.digit[i]} * b.digit[j] + result.digit[i + j];
      result.digit[i + j] = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
    result.digit[i + kRight] = static_cast<uint32_t>(carry);
  }
  return result;
}

/// a - b, for b <= a; b may have fewer digits.
template <int kLeft, int kRight>
RPT_HD WideInteger<kLeft> difference(const WideInteger<kLeft>& a, const WideInteger<kRight>& b) {
  static_assert(kRight <= kLeft);
  WideInteger<kLeft> result;
  int64_t carry = 0;
  for (int i = 0; i < kLeft; ++i) {
    carry += int64_t{a.digit[i]} - (i < kRight ? int64_t{b.digit[i]} : 0);
    result.digit[i] = static_cast<uint32_t>(carry & 0xffffffff);
    carry >>= 32;
  }
  return result;
}

/// a * 2^(32 kExtra).
template <int kExtra, int kDigits>
RPT_HD WideInteger<kDigits + kExtra> scaled_up(const WideInteger<kDigits>& a) {
  WideInteger<kDigits + kExtra> result;
  for (int i = 0; i < kDigits; ++i) result.digit[i + kExtra] = a.digit[i];
  return result;
}

/// Widths of an IEEE-754 interchange format.
struct BinaryFormat {
  int precision;        ///< bits of the significand, the hidden one among them
  int lowest_exponent;  ///< of the last bit of a subnormal
  int n_exponent_bits;
};
inline constexpr BinaryFormat kBinary32{24, -149, 8};
inline constexpr BinaryFormat kBinary64{53, -1074, 11};

/// Bits of the magnitude (m + tail) * 2^exponent rounded to nearest even in `format`, where
/// 0 <= tail < 1 and `has_tail` says whether it is above zero (then m has more than `precision`
/// bits). Too large a magnitude gives infinity.
template <int kDigits>
RPT_HD uint64_t rounded_magnitude(const WideInteger<kDigits>& m, int exponent, bool has_tail,
                                  BinaryFormat format) {
  const int length = m.bit_length();
  if (length == 0) return 0;
  int last = exponent + length - format.precision;  // exponent of the result's last bit
  if (last < format.lowest_exponent) last = format.lowest_exponent;
  const int shift = last - exponent;

  uint64_t significand;
  if (shift <= 0) {
    significand = m.bits_from(0) << -shift;
  } else if (shift > length) {
    significand = 0;
  } else {
    significand = m.bits_from(shift);
    const bool above_half = has_tail || m.any_below(shift - 1);
    if (m.bit(shift - 1) && (above_half || (significand & 1) != 0)) ++significand;
  }
  const int n_field_bits = format.precision - 1;
  const uint64_t infinity = ((uint64_t{1} << format.n_exponent_bits) - 1) << n_field_bits;
  if (last - format.lowest_exponent >= (1 << format.n_exponent_bits) - 2) return infinity;
  // The hidden bit, or a carry out of the significand, moves the exponent field up by itself.
  return (static_cast<uint64_t>(last - format.lowest_exponent) << n_field_bits) + significand;
}

template <int kDigits>
RPT_HD float rounded_to_binary32(bool negative, const WideInteger<kDigits>& m, int exponent,
                                 bool has_tail = false) {
  const auto bits = static_cast<uint32_t>(rounded_magnitude(m, exponent, has_tail, kBinary32));
  return float_from_bits(bits | (negative ? 0x80000000u : 0u));
}

template <int kDigits>
RPT_HD double rounded_to_binary64(bool negative, const WideInteger<kDigits>& m, int exponent,
                                  bool has_tail = false) {
  const uint64_t bits = rounded_magnitude(m, exponent, has_tail, kBinary64);
  return double_from_bits(bits | (negative ? 0x8000000000000000ull : 0u));
}

/// f64(numerator / denominator), one rounding; 0 < denominator < 2^63.
RPT_HD double rounded_ratio(uint64_t numerator, uint64_t denominator) {
  const WideInteger<2> digits{
      {static_cast<uint32_t>(numerator), static_cast<uint32_t>(numerator >> 32)}};
  WideInteger<6> quotient = scaled_up<4>(digits);
  const bool has_tail = quotient.divide_by(denominator) != 0;
  return rounded_to_binary64(false, quotient, -128, has_tail);
}

}  // namespace reprotrain::kernels
