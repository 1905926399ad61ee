// SPDX-License-Identifier: Apache-2.0
#include "bench/gpu/device_state.h"

#include <cuda_runtime_api.h>

#include <cstdio>
#include <memory>

namespace reprotrain::bench {

std::string device_state() {
  int device = 0;
  char bus_id[32] = {};
  if (cudaGetDevice(&device) != cudaSuccess ||
      cudaDeviceGetPCIBusId(bus_id, sizeof bus_id, device) != cudaSuccess) {
    return {};
  }
  const std::string command = std::string("nvidia-smi --format=csv,noheader,nounits --id=") +
                              bus_id + " --query-gpu=" + kDeviceStateFields + " 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> output(popen(command.c_str(), "r"), pclose);
  char line[256] = {};
  if (output == nullptr || std::fgets(line, sizeof line, output.get()) == nullptr) return {};
  std::string state = line;
  while (!state.empty() && state.back() == '\n') state.pop_back();
  return state;
}

}  // namespace reprotrain::bench
