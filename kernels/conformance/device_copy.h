// SPDX-License-Identifier: Apache-2.0
// Host arrays on a CUDA device for the time of one call.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <span>

#include "kernels/base/cuda_error.h"

namespace reprotrain::kernels {

/// A device array of a host array's size and, at first, values. Throws CudaError.
template <typename T>
class DeviceCopy {
 public:
  /// n uninitialised elements.
  explicit DeviceCopy(int64_t n) : n_(n) {
    if (n_ > 0) check_cuda(cudaMalloc(&data_, size_bytes()), "cudaMalloc");
  }
  explicit DeviceCopy(std::span<const T> host) : DeviceCopy(static_cast<int64_t>(host.size())) {
    copy(data_, host.data(), cudaMemcpyHostToDevice);
  }
  ~DeviceCopy() { cudaFree(data_); }
  DeviceCopy(const DeviceCopy&) = delete;
  DeviceCopy& operator=(const DeviceCopy&) = delete;

  T* data() const { return data_; }
  int64_t size() const { return n_; }

  /// Waits for the device; `host` has size() elements.
  void read(T* host) const {
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    copy(host, data_, cudaMemcpyDeviceToHost);
  }
  void read(std::span<T> host) const { read(host.data()); }

 private:
  size_t size_bytes() const { return static_cast<size_t>(n_) * sizeof(T); }
  void copy(void* target, const void* source, cudaMemcpyKind kind) const {
    if (n_ > 0) check_cuda(cudaMemcpy(target, source, size_bytes(), kind), "cudaMemcpy");
  }

  int64_t n_;
  T* data_ = nullptr;
};

template <typename T>
DeviceCopy(std::span<T>) -> DeviceCopy<std::remove_const_t<T>>;

}  // namespace reprotrain::kernels
