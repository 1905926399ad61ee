// SPDX-License-Identifier: Apache-2.0
// Exact sums in the memory of a CUDA device, as kernels leave them for one another and for the host.
// See also: exact_sum.h (limbs), exact_sum_cuda.h, thread_limbs_cuda.h (how blocks add to them).
#pragma once

#include <cstdint>

#include "kernels/base/hd.h"
#include "kernels/reduce/exact_sum.h"

namespace reprotrain::kernels {

/// An exact sum in global memory, into which blocks pour theirs. All zero is the empty sum.
template <class Sum>
struct SumAccumulator {
  int64_t limb[Sum::kDigits];
  uint32_t specials;

  RPT_HD Sum sum() const { return Sum(limb, specials); }
};

/// How threads add terms. All ways give the same sums.
enum class SumMethod {
  kByDevice,  ///< windows where binary64 is fast, else limbs
  kWindows,
  kLimbs,
};

}  // namespace reprotrain::kernels
