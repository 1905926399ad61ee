// SPDX-License-Identifier: Apache-2.0
#include "bench/gpu/device_memory.h"

#include <span>
#include <vector>

#include "kernels/random/philox.h"

namespace reprotrain::bench {

namespace {

std::vector<float> uniform(int64_t n, uint64_t seed) {
  std::vector<float> values(static_cast<size_t>(n));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = 2.0f * kernels::random_unit({seed, 0, 0}, i) - 1.0f;
  }
  return values;
}

}  // namespace

DeviceMemory::DeviceMemory(int64_t n_floats, int64_t n_workspace_bytes)
    : a(std::span<const float>(uniform(n_floats, 1))),
      b(std::span<const float>(uniform(n_floats, 2))),
      ours(n_floats),
      peers(n_floats),
      workspace(n_workspace_bytes) {}

}  // namespace reprotrain::bench
