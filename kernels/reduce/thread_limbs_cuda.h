// SPDX-License-Identifier: Apache-2.0
// Exact sums of a CUDA block: each thread has the limbs of a sum of its own in shared memory.
//
//   limb i of thread t lies at limbs[i * kThreads + t]: whatever limbs the threads of a warp are at,
//   their banks differ, and no atomics are needed until the block is done
//
// Why: any range of terms at shared memory's speed (two or three limbs a term). In front of it a
// GridWindow spares even that for data of ordinary range, where binary64 is fast.
// Determinism: integers only; which thread takes which term never reaches the sum.
// See also: exact_sum.h (limbs), grid_window.h, exact_sum_cuda.cu, column_sums_cuda.cu.
#pragma once

#include <cstdint>

#include "kernels/base/cuda_device_traits.h"
#include "kernels/base/cuda_launch.h"
#include "kernels/reduce/exact_sum.h"
#include "kernels/reduce/grid_window.h"
#include "kernels/reduce/sum_accumulator.h"

namespace reprotrain::kernels {

/// The limbs of a sum that its terms can reach, headroom included: values have none of the lowest.
template <class Term>
struct LimbRange {
  static constexpr int kFirst = 0;
  static constexpr int kLimbs = Term::Sum::kDigits;
};
template <>
struct LimbRange<ValueTerm> {
  static constexpr int kFirst = (-149 - ExactSum::kLowestExponent) / 32;
  static constexpr int kLimbs =
      (128 + ExactSum::kHeadroomBits - ExactSum::kLowestExponent + 31) / 32 - kFirst;
};

template <class Term, int kThreads>
class ThreadLimbs {
 public:
  using Stored = typename Term::Stored;
  using Sum = typename Term::Sum;
  static constexpr int kFirst = LimbRange<Term>::kFirst;
  static constexpr int kLimbs = LimbRange<Term>::kLimbs;
  static constexpr int kSharedLimbs = kLimbs * kThreads;

  /// `shared`: kSharedLimbs, the block's.
  __device__ explicit ThreadLimbs(int64_t* shared) : own_(shared + threadIdx.x) {
    for (int i = 0; i < kLimbs; ++i) own_[i * kThreads] = 0;
  }

  __device__ void add(Stored x) {
    if (!is_finite(x)) {
      specials_ |= special_kind(Term::term(x));
      return;
    }
    const auto parts = parts_of(x);
    if constexpr (Term::kIsSquare) {
      const uint64_t square = static_cast<uint64_t>(parts.significand) * parts.significand;
      add_integer(false, square, 2 * parts.exponent);
    } else {
      add_integer(x < 0, parts.significand, parts.exponent);
    }
  }

  __device__ void add(const GridWindow<Term>& window) {
    for (int k = 0; k < Term::kGrids; ++k) {
      const int64_t units = window.units(k);
      const uint64_t magnitude = static_cast<uint64_t>(units < 0 ? -units : units);
      if (units != 0) add_integer(units < 0, magnitude, window.exponent(k));
    }
  }

  /// All threads of the block: adds up the sums of threads c, c + n_columns, c + 2 n_columns, ...
  /// and adds them to target(c), for every c < n_columns. kThreads and n_columns are powers of two.
  template <class Target>
  __device__ void pour(int n_columns, const Target& target) {
    const int thread = static_cast<int>(threadIdx.x);
    for (int width = kThreads / 2; width >= n_columns; width /= 2) {
      __syncthreads();
      if (thread >= width) continue;
      for (int i = 0; i < kLimbs; ++i) own_[i * kThreads] += own_[i * kThreads + width];
    }
    SumAccumulator<Sum>* const sum = target(thread % n_columns);
    if (sum == nullptr) return;
    if (specials_ != 0) atomicOr(&sum->specials, specials_);
    if (thread < n_columns) pour_limbs(*sum);
  }

 private:
  __device__ void add_integer(bool negative, uint64_t significand, int exponent) {
    const LimbParts parts =
        limb_parts(negative, significand, exponent - Sum::kLowestExponent - 32 * kFirst);
    for (int i = 0; i < 3; ++i) {
      // A binary32 significand seldom reaches the third limb; the last ones have none above them.
      if (i < 2 || parts.part[i] != 0) own_[(parts.first + i) * kThreads] += parts.part[i];
    }
  }

  /// Carries first, so that a limb of the target has room for 2^30 blocks.
  __device__ void pour_limbs(SumAccumulator<Sum>& sum) {
    int64_t carry = 0;
    for (int i = 0; i < kLimbs; ++i) {
      const int64_t limb = own_[i * kThreads] + carry;
      const bool is_last = i + 1 == kLimbs;
      carry = is_last ? 0 : limb >> 32;
      const int64_t digit = is_last ? limb : limb & 0xffffffff;
      if (digit != 0) atomic_add(&sum.limb[kFirst + i], digit);
    }
  }

  int64_t* own_;
  uint32_t specials_ = 0;
};

/// A thread's sum: limbs, with a window in front where `kWindow`.
template <class Term, int kThreads, bool kWindow>
class ThreadSum {
 public:
  using Limbs = ThreadLimbs<Term, kThreads>;

  __device__ explicit ThreadSum(int64_t* shared) : limbs_(shared) {}

  /// `range`: that of the terms. It is not looked at without a window.
  template <int kTerms>
  __device__ void add(const typename Term::Stored (&terms)[kTerms],
                      const FieldRange<typename Term::Stored>& range) {
    if constexpr (kWindow) {
      if (range.empty()) return;
      if (!window_.holds(range, kTerms)) {
        if (!GridWindow<Term>::can_hold(range)) return add_to_limbs(terms);
        if (!window_.empty()) limbs_.add(window_);
        window_.move_to(range);
      }
      for (int i = 0; i < kTerms; ++i) window_.add(terms[i]);
    } else {
      add_to_limbs(terms);
    }
  }

  /// See ThreadLimbs.
  template <class Target>
  __device__ void pour(int n_columns, const Target& target) {
    if (!window_.empty()) limbs_.add(window_);
    limbs_.pour(n_columns, target);
  }

 private:
  template <int kTerms>
  __device__ void add_to_limbs(const typename Term::Stored (&terms)[kTerms]) {
    for (int i = 0; i < kTerms; ++i) {
      if (terms[i] != 0) limbs_.add(terms[i]);
    }
  }

  Limbs limbs_;
  GridWindow<Term> window_;
};

/// Whether to take windows on the current device.
inline bool takes_windows(SumMethod method) {
  if (method != SumMethod::kByDevice) return method == SumMethod::kWindows;
  return has_fast_binary64();
}

}  // namespace reprotrain::kernels
