// SPDX-License-Identifier: Apache-2.0
// Kernels that are bound by memory, as a share of the bandwidth of a copy.
#pragma once

#include <vector>

#include "bench/gpu/comparison.h"
#include "bench/gpu/device_memory.h"

namespace reprotrain::bench {

std::vector<Row> bandwidth_rows(const DeviceMemory& memory);

}  // namespace reprotrain::bench
