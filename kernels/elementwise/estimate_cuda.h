// SPDX-License-Identifier: Apache-2.0
// The arithmetic in which the current CUDA device should estimate elementary functions.
// Determinism: EstimateIn never shows in the bits.
// See also: first_estimate.h.
#pragma once

#include "kernels/base/cuda_device_traits.h"
#include "kernels/elementwise/first_estimate.h"

namespace reprotrain::kernels::rounded {

inline EstimateIn estimate_of_device() {
  return has_fast_binary64() ? EstimateIn::kBinary64 : EstimateIn::kBinary32Pair;
}

}  // namespace reprotrain::kernels::rounded
