// SPDX-License-Identifier: Apache-2.0
// A correctly rounded function of one argument with a cheap estimate tried first.
//
// Determinism: the result is the definition, so EstimateIn never shows in the bits; on a GPU
//   estimate_cuda.h chooses it by the ratio of binary64 to binary32 speed.
// See also: estimate.h, what decides where the first estimate does not.
#pragma once

#include "kernels/elementwise/estimate.h"
#include "kernels/elementwise/pair_estimate.h"
#include "kernels/elementwise/quick_estimate.h"

namespace reprotrain::kernels::rounded {

/// The arithmetic of the first estimate.
enum class EstimateIn {
  kBinary64,      ///< quick_estimate.h: right for CPUs, and GPUs of the data centre (1:2)
  kBinary32Pair,  ///< pair_estimate.h: right for GPUs with slow binary64 (1:32, 1:64)
};

/// f(x) where the first estimate did not settle it.
template <typename F>
RPT_HD_RARE float decided_from_binary64(float x) {
  return correctly_rounded<F>(x);
}

/// f(x), correctly rounded, with the first estimate in the arithmetic of choice.
template <typename F, EstimateIn kEstimate>
RPT_HD float correctly_rounded_by(float x) {
  if constexpr (kEstimate == EstimateIn::kBinary64) {
    const QuickEstimate e = F::template quick_estimate<AnyMultiplyAdd>(x);
    return e.is_decided() ? e.rounded() : decided_from_binary64<F>(x);
  } else {
    const RoundedInterval y = rounded_interval(F::template estimate_in_pairs<FmaOnAnyMachine>(x));
    return y.is_one_float() ? y.low : decided_from_binary64<F>(x);
  }
}

}  // namespace reprotrain::kernels::rounded
