// SPDX-License-Identifier: Apache-2.0
// Exact sums: the correctly rounded value of the mathematical sum, whatever the order of its terms.
//
//   sum = round(x_0 + x_1 + ... + x_(n-1)),   rounded once, to nearest even
//
// Terms go into a fixed-point integer wide enough for every bit of every term. Integer addition is
// associative, so pieces summed by any threads, blocks or ranks merge to the same bits.
// Rules: a NaN, or +inf together with -inf, gives the canonical NaN; one kind of infinity gives
// that infinity; too large a sum gives infinity; an exactly zero (or empty) sum is +0; a sum that
// rounds to zero keeps its sign. At most 2^40 terms.
// See also: column_sums.h, exact_moments.h, docs/arithmetic.md "Exact sums".
#pragma once

#include <cassert>
#include <cstdint>
#include <span>

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"
#include "kernels/base/parallel.h"
#include "kernels/reduce/wide_integer.h"

namespace reprotrain::kernels {

/// +-significand * 2^offset as what it adds to three neighbouring limbs of 32 bits, from `first` on:
/// less than 2^33 in magnitude each.
struct LimbParts {
  int first;
  int64_t part[3];
};
RPT_HD LimbParts limb_parts(bool negative, uint64_t significand, int offset) {
  const int shift = offset % 32;
  const uint64_t low = (significand & 0xffffffffu) << shift;
  const uint64_t high = (significand >> 32) << shift;
  const int64_t sign = negative ? -1 : 1;
  return {offset / 32,
          {sign * static_cast<int64_t>(low & 0xffffffffu),
           sign * static_cast<int64_t>((low >> 32) + (high & 0xffffffffu)),
           sign * static_cast<int64_t>(high >> 32)}};
}

/// Significand, below 2^24, and exponent of the last bit of a finite binary32 number's magnitude.
struct Binary32Parts {
  uint32_t significand;
  int exponent;
};
RPT_HD Binary32Parts parts_of(float value) {
  const uint32_t bits = bits_of(value);
  const int field = static_cast<int>(bits >> 23 & 0xff);
  const uint32_t fraction = bits & 0x7fffffu;
  return {field != 0 ? fraction | 0x800000u : fraction, (field != 0 ? field : 1) - 150};
}

/// The same of a binary64 number, below 2^53.
struct Binary64Parts {
  uint64_t significand;
  int exponent;
};
RPT_HD Binary64Parts parts_of(double value) {
  const uint64_t bits = bits_of(value);
  const int field = static_cast<int>(bits >> 52 & 0x7ff);
  const uint64_t fraction = bits & 0xfffffffffffffull;
  return {field != 0 ? fraction | uint64_t{1} << 52 : fraction, (field != 0 ? field : 1) - 1075};
}

/// What a sum remembers of terms that are not finite: bits to be or'ed together.
inline constexpr uint32_t kSumHasNan = 1, kSumHasPlusInfinity = 2, kSumHasMinusInfinity = 4;
RPT_HD uint32_t special_kind(double value) {
  return is_nan(value) ? kSumHasNan : value > 0.0 ? kSumHasPlusInfinity : kSumHasMinusInfinity;
}

/// Sum of terms that are multiples of 2^kLowest and below 2^kHighest in magnitude. Carries wait for
/// up to kMaxPending additions, each of which puts less than 2^33 into a limb.
template <int kLowest, int kHighest, uint32_t kMaxPending = 1u << 28>
class BasicExactSum {
 public:
  static constexpr int kLowestExponent = kLowest;
  static constexpr int kHeadroomBits = 41;  // 2^40 terms and the sign
  static constexpr int kDigits = (kHighest - kLowest + kHeadroomBits + 31) / 32;
  using Magnitude = WideInteger<kDigits>;

  BasicExactSum() = default;
  /// A sum kept elsewhere: `limb` (kDigits) with carries outstanding, and kinds of specials.
  RPT_HD BasicExactSum(const int64_t* limb, uint32_t specials) : specials_(specials) {
    for (int i = 0; i < kDigits; ++i) limb_[i] = limb[i];
    propagate_carries();
  }

  /// The inverse: limbs without outstanding carries.
  RPT_HD void store(int64_t* limb, uint32_t& specials) const {
    BasicExactSum carried = *this;
    carried.propagate_carries();
    for (int i = 0; i < kDigits; ++i) limb[i] = carried.limb_[i];
    specials = specials_;
  }

  RPT_HD void add(float value) {
    if (!is_finite(value)) return note_special(value);
    const Binary32Parts parts = parts_of(value);
    add_integer(bits_of(value) >> 31 != 0, parts.significand, parts.exponent);
  }

  /// Requires a finite value to be within the range of the class; always so for ExactSum64.
  RPT_HD void add(double value) {
    if (!is_finite(value)) return note_special(value);
    auto [significand, exponent] = parts_of(value);
    if (significand == 0) return;
    if (exponent < kLowest) {  // only zero bits lie below the range
      significand >>= kLowest - exponent;
      exponent = kLowest;
    }
    add_integer(bits_of(value) >> 63 != 0, significand, exponent);
  }

  /// Adds the exact product a * b. Zero times infinity is NaN.
  RPT_HD void add_product(float a, float b) {
    if (!is_finite(a) || !is_finite(b))
      return note_special(static_cast<double>(a) * static_cast<double>(b));
    const Binary32Parts left = parts_of(a);
    const Binary32Parts right = parts_of(b);
    add_integer((bits_of(a) ^ bits_of(b)) >> 31 != 0,
                uint64_t{left.significand} * right.significand, left.exponent + right.exponent);
  }

  /// Adds units * 2^exponent, a number in the range of the class, units below 2^63 in magnitude.
  RPT_HD void add_scaled(int64_t units, int exponent) {
    if (units == 0) return;
    const bool negative = units < 0;
    add_integer(
        negative,
        negative ? uint64_t{0} - static_cast<uint64_t>(units) : static_cast<uint64_t>(units),
        exponent);
  }

  RPT_HD void merge(const BasicExactSum& other) {
    BasicExactSum carried = other;
    carried.propagate_carries();
    propagate_carries();
    for (int i = 0; i < kDigits; ++i) limb_[i] += carried.limb_[i];
    n_pending_ = 2;
    specials_ |= other.specials_;
  }

  /// The sum, rounded once.
  RPT_HD float to_float() const {
    if (specials_ != 0) return static_cast<float>(special_value());
    Magnitude magnitude;
    const bool negative = to_magnitude(magnitude);
    return rounded_to_binary32(negative, magnitude, kLowest);
  }
  RPT_HD double to_double() const {
    if (specials_ != 0) return special_value();
    Magnitude magnitude;
    const bool negative = to_magnitude(magnitude);
    return rounded_to_binary64(negative, magnitude, kLowest);
  }

  /// False once a NaN or an infinity was added.
  RPT_HD bool finite() const { return specials_ == 0; }
  /// What a sum that is not finite() is: an infinity or the canonical NaN.
  RPT_HD double special_value() const {
    if (specials_ == kSumHasPlusInfinity) return double_from_bits(0x7ff0000000000000ull);
    if (specials_ == kSumHasMinusInfinity) return double_from_bits(0xfff0000000000000ull);
    return double_from_bits(0x7ff8000000000000ull);
  }

  /// The finite part of the sum is +-magnitude * 2^kLowestExponent; returns whether it is below
  /// zero.
  RPT_HD bool to_magnitude(Magnitude& magnitude) const {
    BasicExactSum carried = *this;
    carried.propagate_carries();
    const bool negative = carried.limb_[kDigits - 1] < 0;
    if (negative) {
      for (int i = 0; i < kDigits; ++i) carried.limb_[i] = -carried.limb_[i];
      carried.propagate_carries();
    }
    for (int i = 0; i < kDigits; ++i) magnitude.digit[i] = static_cast<uint32_t>(carried.limb_[i]);
    return negative;
  }

 private:
  RPT_HD void note_special(double value) { specials_ |= special_kind(value); }
  RPT_HD void note_special(float value) { note_special(static_cast<double>(value)); }

  /// Adds +-significand * 2^exponent, significand < 2^63, into three neighbouring limbs.
  RPT_HD void add_integer(bool negative, uint64_t significand, int exponent) {
    const LimbParts parts = limb_parts(negative, significand, exponent - kLowest);
    assert(exponent >= kLowest && parts.first + 2 < kDigits);
    for (int i = 0; i < 3; ++i) limb_[parts.first + i] += parts.part[i];
    if (++n_pending_ >= kMaxPending) propagate_carries();
  }

  /// Brings every limb but the last into [0, 2^32); the last keeps the sign.
  RPT_HD void propagate_carries() {
    for (int i = 0; i + 1 < kDigits; ++i) {
      const int64_t carry = limb_[i] >> 32;  // rounds down, also below zero
      limb_[i] &= 0xffffffff;
      limb_[i + 1] += carry;
    }
    n_pending_ = 1;
  }

  // Limb i counts multiples of 2^(kLowest + 32 i), carries outstanding.
  int64_t limb_[kDigits] = {};
  uint32_t n_pending_ = 0;
  uint32_t specials_ = 0;
};

/// For binary32 terms and for exact products of two binary32 (152 bytes of limbs).
using ExactSum = BasicExactSum<-298, 256>;
/// For binary64 terms (536 bytes of limbs).
using ExactSum64 = BasicExactSum<-1074, 1024>;

/// The Euclidean norm from an exact sum of squares: sqrt(f64(sum)), the root in binary64.
RPT_HD double norm_of(const ExactSum& sum_of_squares) {
#if defined(__CUDA_ARCH__)
  return __dsqrt_rn(sum_of_squares.to_double());
#else
  return __builtin_sqrt(sum_of_squares.to_double());
#endif
}

/// Adds every element, or every element's exact square, to `sum`. One thread, vectorised.
void add_terms(std::span<const float> terms, ExactSum& sum);
void add_squares(std::span<const float> terms, ExactSum& sum);

/// The sum of all elements, rounded once to binary64.
double exact_sum(std::span<const float> terms, const Parallel& parallel);
double exact_sum(std::span<const double> terms, const Parallel& parallel);
/// The sum of the exact squares of all elements, rounded once to binary64.
double exact_sum_of_squares(std::span<const float> terms, const Parallel& parallel);
/// The Euclidean norm: sqrt(exact_sum_of_squares), the root in binary64.
double exact_norm(std::span<const float> terms, const Parallel& parallel);

}  // namespace reprotrain::kernels
