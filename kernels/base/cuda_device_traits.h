// SPDX-License-Identifier: Apache-2.0
// What the current CUDA device is good at. Only the choice among ways to one value may depend on it.
#pragma once

#include "kernels/base/cuda_error.h"

namespace reprotrain::kernels {

/// Whether binary64 runs at half the speed of binary32, as on models for the data centre; other
/// models have a 32nd or a 64th.
inline bool has_fast_binary64() {
  int device = 0, major = 0, minor = 0;
  check_cuda(cudaGetDevice(&device), "cudaGetDevice");
  check_cuda(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device),
             "cudaDeviceGetAttribute");
  check_cuda(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device),
             "cudaDeviceGetAttribute");
  return minor == 0 && major >= 6 && major <= 10;
}

}  // namespace reprotrain::kernels
