// SPDX-License-Identifier: Apache-2.0
// An array in device memory, filled from and read back to the host.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/base/cuda_error.h"

namespace reprotrain::testing {

/// n elements that start `offset` elements into an allocation, which ends with them. With an offset
/// it ends with the next multiple of 16 bytes instead: the emulated device aligns an allocation to
/// no more than its size divides, and the offset has to be one from an address that is aligned.
template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(size_t n, size_t offset = 0) : n_(n), offset_(offset) {
    const size_t size_bytes = (n + offset) * sizeof(T);
    const size_t rounded_up = (size_bytes + 15) / 16 * 16;
    kernels::check_cuda(cudaMalloc(&allocation_, offset == 0 ? size_bytes : rounded_up),
                        "cudaMalloc");
  }
  explicit DeviceArray(const std::vector<T>& values, size_t offset = 0)
      : DeviceArray(values.size(), offset) {
    assign(values);
  }
  ~DeviceArray() { cudaFree(allocation_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() { return allocation_ + offset_; }
  const T* data() const { return allocation_ + offset_; }
  int64_t size() const { return static_cast<int64_t>(n_); }

  void assign(const std::vector<T>& values) {
    kernels::check_cuda(cudaMemcpy(data(), values.data(), n_ * sizeof(T), cudaMemcpyHostToDevice),
                        "cudaMemcpy");
  }
  /// Waits for the device.
  std::vector<T> values() const {
    std::vector<T> host(n_);
    kernels::check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    kernels::check_cuda(cudaMemcpy(host.data(), data(), n_ * sizeof(T), cudaMemcpyDeviceToHost),
                        "cudaMemcpy");
    return host;
  }

 private:
  size_t n_;
  size_t offset_;
  T* allocation_ = nullptr;
};

}  // namespace reprotrain::testing
