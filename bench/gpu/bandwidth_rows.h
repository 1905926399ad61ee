// SPDX-License-Identifier: Apache-2.0
// Kernels that are bound by memory, as a share of the bandwidth of a copy. A kernel is a line of
// kKernels in the .cu file.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/gpu/comparison.h"
#include "bench/gpu/device_memory.h"

namespace reprotrain::bench {

/// What these rows use; overwrites the workspace. It outlives the rows.
struct BandwidthMemory {
  static constexpr int64_t kColumns = 1024;

  explicit BandwidthMemory(const DeviceMemory& all);

  const DeviceMemory& shared;
  kernels::DeviceArray<float> full_range;
  kernels::DeviceArray<unsigned char> sums;  ///< accumulators, one for each column
};

std::vector<Row> bandwidth_rows(const BandwidthMemory& memory);

}  // namespace reprotrain::bench
