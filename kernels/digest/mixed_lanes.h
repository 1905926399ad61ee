// SPDX-License-Identifier: Apache-2.0
// The sum of mixed lanes (tile_digest.h), with the fastest instructions of this processor's path.
#pragma once

#include <cstdint>

#include "kernels/digest/tile_digest.h"

namespace reprotrain::kernels {

/// Sums lanes that lie one after the other in memory; `first` is the index of the first one.
Digest128 sum_of_mixed_lanes(const void* data, int64_t n_lanes, DigestKey key, uint64_t first);

}  // namespace reprotrain::kernels
