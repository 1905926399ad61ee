// SPDX-License-Identifier: Apache-2.0
// Device memory that a caller lends to a pass, and how the pass shares it out.
#pragma once

#include <cstdint>

#include "kernels/base/ceil_div.h"
#include "kernels/base/cuda_error.h"

namespace reprotrain::kernels {

struct DeviceWorkspace {
  static constexpr int64_t kAlignment = 256;  ///< of `data`, as cudaMalloc's is, and of each part

  unsigned char* data = nullptr;
  int64_t size_bytes = 0;

  /// Bytes that a part of n elements takes.
  template <typename T>
  static int64_t bytes_for(int64_t n) {
    return round_up(n * static_cast<int64_t>(sizeof(T)), kAlignment);
  }

  /// The first n elements; what is left remains. Throws CudaError where it is not enough.
  template <typename T>
  T* take(int64_t n) {
    const int64_t n_bytes = bytes_for<T>(n);
    check_cuda(n_bytes <= size_bytes ? cudaSuccess : cudaErrorMemoryAllocation,
               "DeviceWorkspace::take");
    T* const part = reinterpret_cast<T*>(data);
    data += n_bytes;
    size_bytes -= n_bytes;
    return part;
  }
};

}  // namespace reprotrain::kernels
