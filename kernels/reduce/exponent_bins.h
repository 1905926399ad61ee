// SPDX-License-Identifier: Apache-2.0
// Exact sums of terms of any range: integers counted by sign and exponent field.
//
//   per term x with fraction f:  bin[sign and field of x] += 2^40 + f
//     a field's terms: (count * 2^23 + fractions) * 2^(field - 150); field 0: fractions * 2^-149
//   per square, significand m:     bin[field of x] += m * m
//     a field's squares: bin * 2^(2 field - 300); field 0: bin * 2^-298
//
// Why: two or three cycles a term whatever the data, against ten for a limb accumulator; data of
// ordinary range takes the grids of grid_tile.h instead. Copies of the bins take turns, because
// neighbours of one field would wait for one another's store.
// Requires: at most kBinnedTerms terms an object: counts, fractions and squares keep apart.
// Determinism: integers only. Infinities and NaNs land in the bins of field 255.
// See also: exact_sum.h (ExactSum collects what bins hold).
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>

#include "kernels/base/float_bits.h"
#include "kernels/reduce/exact_sum.h"

namespace reprotrain::kernels {

inline constexpr int64_t kBinnedTerms = int64_t{1} << 15;

namespace exponent_bins_detail {

inline constexpr int kCopies = 2;
inline constexpr int kFields = 256;
inline constexpr int kSpecialField = 255;
inline constexpr int kGroup = 16;  // neighbouring fields that sum up within 64 bits

inline int last_of_group(int first) { return std::min(first + kGroup, kSpecialField) - 1; }

/// What a field puts above the significand in the bits of a magnitude, the hidden bit left in.
struct FieldBits {
  uint32_t of[kFields] = {};
  constexpr FieldBits() {
    for (uint32_t field = 1; field < kFields; ++field) of[field] = (field - 1) << 23;
  }
};
inline constexpr FieldBits kFieldBits;

/// Calls use(copy, bits) for every term; term i is data[i * stride].
template <typename Use>
void for_each_term(const float* data, int64_t stride, int64_t n, const Use& use) {
  int64_t i = 0;
  for (; i + kCopies <= n; i += kCopies) {
    for (int copy = 0; copy < kCopies; ++copy) use(copy, bits_of(data[(i + copy) * stride]));
  }
  for (; i < n; ++i) use(0, bits_of(data[i * stride]));
}

}  // namespace exponent_bins_detail

/// Sum of values.
class ValueBins {
 public:
  void add(const float* data, int64_t stride, int64_t n) {
    n_terms_ += n;
    assert(n_terms_ <= kBinnedTerms);
    exponent_bins_detail::for_each_term(data, stride, n, [this](int copy, uint32_t bits) {
      bin_[copy][bits >> 23] += kOne + (bits & 0x7fffffu);
    });
  }

  void collect(ExactSum& sum) const {
    using namespace exponent_bins_detail;
    sum.add_scaled(significands(0), -149);
    for (int first = 1; first < kSpecialField; first += kGroup) {
      // Each field has at most 2^15 terms below 2^24, shifted by at most 15.
      int64_t total = 0;
      for (int field = last_of_group(first); field >= first; --field) {
        total = 2 * total + significands(field);
      }
      sum.add_scaled(total, first - 150);
    }
    note_specials(kSpecialField, float_from_bits(0x7f800000u), sum);
    note_specials(kFields + kSpecialField, float_from_bits(0xff800000u), sum);
  }

 private:
  static constexpr uint64_t kOne = uint64_t{1} << 40;

  uint64_t total(int bin) const {
    uint64_t sum = 0;
    for (const auto& copy : bin_) sum += copy[bin];
    return sum;
  }
  /// Sum of the significands of a field's terms, with their signs.
  int64_t significands(int field) const {
    const int64_t positive = significands(total(field), field);
    return positive - significands(total(exponent_bins_detail::kFields + field), field);
  }
  static int64_t significands(uint64_t of_bin, int field) {
    const uint64_t hidden = field == 0 ? 0 : (of_bin / kOne) << 23;
    return static_cast<int64_t>(hidden + of_bin % kOne);
  }
  /// An infinity has no fraction bits, a NaN has some.
  void note_specials(int bin, float infinity, ExactSum& sum) const {
    const uint64_t of_bin = total(bin);
    if (of_bin == 0) return;
    sum.add(of_bin % kOne == 0 ? infinity : float_from_bits(0x7fc00000u));
  }

  uint64_t bin_[exponent_bins_detail::kCopies][2 * exponent_bins_detail::kFields] = {};
  int64_t n_terms_ = 0;
};

/// Sum of squares.
class SquareBins {
 public:
  void add(const float* data, int64_t stride, int64_t n) {
    using namespace exponent_bins_detail;
    n_terms_ += n;
    assert(n_terms_ <= kBinnedTerms);
    for_each_term(data, stride, n, [this](int copy, uint32_t bits) {
      const uint32_t magnitude = bits & 0x7fffffffu;
      const uint64_t significand = magnitude - kFieldBits.of[magnitude >> 23];
      bin_[copy][magnitude >> 23] += significand * significand;
    });
    if (total(kSpecialField) == 0) return;
    for (int64_t i = 0; i < n; ++i) has_nan_ = has_nan_ || is_nan(data[i * stride]);
  }

  void collect(ExactSum& sum) const {
    using namespace exponent_bins_detail;
    if (total(kSpecialField) != 0) sum.add(float_from_bits(has_nan_ ? 0x7fc00000u : 0x7f800000u));
    sum.add_scaled(static_cast<int64_t>(total(0)), -298);
    for (int first = 1; first < kSpecialField; first += kGroup) {
      // A field's squares take 63 bits: two halves, shifted by at most 30.
      uint64_t low = 0, high = 0;
      for (int field = last_of_group(first); field >= first; --field) {
        low = 4 * low + (total(field) & 0xffffffffu);
        high = 4 * high + (total(field) >> 32);
      }
      sum.add_scaled(static_cast<int64_t>(low), 2 * first - 300);
      sum.add_scaled(static_cast<int64_t>(high), 2 * first - 300 + 32);
    }
  }

 private:
  uint64_t total(int field) const {
    uint64_t sum = 0;
    for (const auto& copy : bin_) sum += copy[field];
    return sum;
  }

  uint64_t bin_[exponent_bins_detail::kCopies][exponent_bins_detail::kFields] = {};
  int64_t n_terms_ = 0;
  bool has_nan_ = false;
};

}  // namespace reprotrain::kernels
