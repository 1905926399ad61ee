// SPDX-License-Identifier: Apache-2.0
// An array in device memory, filled from and read back to the host.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/base/cuda_error.h"

namespace reprotrain::testing {

/// n elements that start `offset` elements into an allocation, which ends with them: an offset of
/// 1 makes the array one whose 16-byte blocks are misaligned.
template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(size_t n, size_t offset = 0) : n_(n), offset_(offset) {
    kernels::check_cuda(cudaMalloc(&allocation_, (n + offset) * sizeof(T)), "cudaMalloc");
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
