// SPDX-License-Identifier: Apache-2.0
// The device memory that all rows share: two operands, two results, a workspace.
#pragma once

#include <cstdint>

#include "kernels/conformance/device_array.h"

namespace reprotrain::bench {

struct DeviceMemory {
  /// Operands hold n_floats uniform numbers in [-1, 1).
  DeviceMemory(int64_t n_floats, int64_t n_workspace_bytes);

  kernels::DeviceArray<float> a, b;
  kernels::DeviceArray<float> ours, peers;
  kernels::DeviceArray<unsigned char> workspace;
};

}  // namespace reprotrain::bench
