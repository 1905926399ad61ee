// SPDX-License-Identifier: Apache-2.0
// A running exact sum of terms of ordinary range, in registers: units of fixed grids, as 64-bit
// integers (the grids are those of grid_tile.h).
//
//   window [low, low + kSpread] of exponent fields;  M_k = 1.5 * 2^(52 + g_k), g_last = last bit of
//   a term of field low, each grid before it 52 bits coarser;  per term x and grid k:
//   d = M_k + x;  units_k += bits(d);  x = x - (d - M_k)
//   sum = sum over k of (units_k - n * bits(M_k)) * 2^g_k
//
// Why: a few instructions a term and no memory, on devices with fast binary64. Whoever runs it
// looks at a batch's fields first, and moves the window when they lie outside.
// Requires: rounding to nearest, no contraction.
// Determinism: where windows lie never reaches the sum.
// See also: thread_limbs_cuda.h (takes what the window held, and what no window holds).
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"
#include "kernels/reduce/exact_sum.h"

namespace reprotrain::kernels {

/// 1.5 * 2^(52 + g): its last bit is worth 2^g.
RPT_HD double grid_origin(int exponent) {
  return double_from_bits(static_cast<uint64_t>(52 + exponent + 1023) << 52 | uint64_t{1} << 51);
}

/// Terms that are binary32 numbers.
struct ValueTerm {
  using Stored = float;
  using Sum = ExactSum;
  static constexpr bool kIsSquare = false;
  static constexpr int kGrids = 1;
  static constexpr int kSpread = 27;
  static constexpr int kHighestLow = 227;
  RPT_HD static int last_bit(int field) { return field - 150; }
  RPT_HD static double term(float x) { return static_cast<double>(x); }
};

/// Terms that are squares of binary32 numbers.
struct SquareTerm {
  using Stored = float;
  using Sum = ExactSum;
  static constexpr bool kIsSquare = true;
  static constexpr int kGrids = 2;
  static constexpr int kSpread = 27;
  static constexpr int kHighestLow = 227;
  RPT_HD static int last_bit(int field) { return 2 * (field - 150); }
  RPT_HD static double term(float x) { return static_cast<double>(x) * static_cast<double>(x); }
};

/// Terms that are binary64 numbers.
struct DoubleTerm {
  using Stored = double;
  using Sum = ExactSum64;
  static constexpr bool kIsSquare = false;
  static constexpr int kGrids = 2;
  static constexpr int kSpread = 50;
  static constexpr int kHighestLow = 1990;
  RPT_HD static int last_bit(int field) { return field - 1075; }
  RPT_HD static double term(double x) { return x; }
};

/// Exponent fields of some numbers other than zero; subnormals count as field 1.
template <typename Stored>
class FieldRange {
 public:
  RPT_HD void note(Stored x) {
    const Bits magnitude = bits_of(x) & ~kSign;
    const auto distance = static_cast<SignedBits>(kSign - magnitude);  // zero comes out last
    highest_ = magnitude > highest_ ? magnitude : highest_;
    farthest_ = distance > farthest_ ? distance : farthest_;
  }
  RPT_HD bool empty() const { return highest_ == 0; }
  RPT_HD int lowest() const { return field_of(kSign - static_cast<Bits>(farthest_)); }
  RPT_HD int highest() const { return field_of(highest_); }

 private:
  using Bits = std::conditional_t<sizeof(Stored) == 4, uint32_t, uint64_t>;
  using SignedBits = std::make_signed_t<Bits>;
  static constexpr Bits kSign = Bits{1} << (8 * sizeof(Stored) - 1);
  static constexpr int kFractionBits = sizeof(Stored) == 4 ? 23 : 52;

  RPT_HD static int field_of(Bits magnitude) {
    const int field = static_cast<int>(magnitude >> kFractionBits);
    return field == 0 ? 1 : field;
  }
  Bits highest_ = 0;
  SignedBits farthest_ = static_cast<SignedBits>(kSign);
};

template <class Term>
class GridWindow {
 public:
  using Range = FieldRange<typename Term::Stored>;
  /// Terms that the units hold without overflow: 2^11 of at most 2^51.
  static constexpr int kMostTerms = 2048;

  /// Whether some window holds them all. Infinities and NaNs are held by none.
  RPT_HD static bool can_hold(const Range& range) {
    return range.highest() - range.lowest() <= Term::kSpread &&
           range.highest() <= Term::kHighestLow + Term::kSpread;
  }
  /// Whether this window holds them all, and `n` more terms.
  RPT_HD bool holds(const Range& range, int n) const {
    return range.lowest() >= low_ && range.highest() <= low_ + Term::kSpread &&
           n_terms_ + n <= kMostTerms;
  }

  /// Empties the window and puts it around a range that it can hold, with most of the slack below:
  /// small numbers are what later batches bring.
  RPT_HD void move_to(const Range& range) {
    constexpr int kSlackAbove = 4;
    low_ = range.highest() + kSlackAbove - Term::kSpread;
    if (low_ > range.lowest()) low_ = range.lowest();
    if (low_ < 1) low_ = 1;
    if (low_ > Term::kHighestLow) low_ = Term::kHighestLow;
    n_terms_ = 0;
    for (int k = 0; k < Term::kGrids; ++k) {
      units_[k] = 0;
      origin_[k] = grid_origin(exponent(k));
    }
  }

  /// Adds a number within the window.
  RPT_HD void add(typename Term::Stored x) {
    double term = Term::term(x);
    ++n_terms_;
    for (int k = 0; k < Term::kGrids; ++k) {
      const double moved = origin_[k] + term;
      units_[k] += bits_of(moved);
      if (k + 1 < Term::kGrids) term = term - (moved - origin_[k]);
    }
  }

  RPT_HD bool empty() const { return n_terms_ == 0; }
  RPT_HD int64_t units(int k) const {
    return static_cast<int64_t>(units_[k] - static_cast<uint64_t>(n_terms_) * bits_of(origin_[k]));
  }
  RPT_HD int exponent(int k) const { return Term::last_bit(low_) + 52 * (Term::kGrids - 1 - k); }

 private:
  static constexpr int kNowhere = -8192;
  int low_ = kNowhere;
  int n_terms_ = 0;
  double origin_[Term::kGrids] = {};
  uint64_t units_[Term::kGrids] = {};
};

}  // namespace reprotrain::kernels
