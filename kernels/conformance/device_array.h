// SPDX-License-Identifier: Apache-2.0
// An array in the memory of a CUDA device, filled from and read back to the host: what checks,
// tests and benchmarks hold; kernels own no memory.
#pragma once

#include <cuda_runtime_api.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "kernels/base/cuda_error.h"
#include "kernels/base/matrix_view.h"

namespace reprotrain::kernels {

/// n elements that start `offset` elements into an allocation, which ends with them. With an offset
/// it ends with the next multiple of 16 bytes instead: the emulated device aligns an allocation to
/// no more than its size divides, and the offset has to be one from an address that is aligned.
/// Throws CudaError.
template <typename T>
class DeviceArray {
 public:
  /// n uninitialised elements.
  explicit DeviceArray(std::integral auto n, size_t offset = 0)
      : n_(static_cast<size_t>(n)), offset_(offset) {
    if (n_ + offset_ == 0) return;
    const size_t size_bytes = (n_ + offset_) * sizeof(T);
    const size_t rounded_up = (size_bytes + 15) / 16 * 16;
    check_cuda(cudaMalloc(&allocation_, offset_ == 0 ? size_bytes : rounded_up), "cudaMalloc");
  }
  /// The values of `host`.
  explicit DeviceArray(std::span<const T> host, size_t offset = 0)
      : DeviceArray(host.size(), offset) {
    copy(data(), host.data(), cudaMemcpyHostToDevice);
  }
  explicit DeviceArray(const std::vector<T>& host, size_t offset = 0)
      : DeviceArray(std::span<const T>(host), offset) {}
  ~DeviceArray() { cudaFree(allocation_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() const { return allocation_ + offset_; }
  int64_t size() const { return static_cast<int64_t>(n_); }

  /// Waits for the device; `host` has size() elements.
  void read(T* host) const {
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    copy(host, data(), cudaMemcpyDeviceToHost);
  }
  void read(std::span<T> host) const { read(host.data()); }

  /// Waits for the device.
  std::vector<T> values() const {
    std::vector<T> host(n_);
    read(host.data());
    return host;
  }

 private:
  void copy(void* target, const void* source, cudaMemcpyKind kind) const {
    if (n_ > 0) check_cuda(cudaMemcpy(target, source, n_ * sizeof(T), kind), "cudaMemcpy");
  }

  size_t n_;
  size_t offset_;
  T* allocation_ = nullptr;
};

template <typename T>
DeviceArray(std::span<T>) -> DeviceArray<std::remove_const_t<T>>;

template <typename T>
std::span<T> span_of(const DeviceArray<T>& array) {
  return {array.data(), static_cast<size_t>(array.size())};
}

/// From the first element of the first row to the last one of the last row, gaps included.
template <typename T>
std::span<T> extent_of(const BasicMatrixView<T>& view) {
  if (view.n_rows == 0 || view.n_columns == 0) return {view.data, 0};
  return {view.data, static_cast<size_t>((view.n_rows - 1) * view.row_stride + view.n_columns)};
}

/// A matrix of the host on the device, laid out in the same way, gaps included.
class DeviceCopy {
 public:
  explicit DeviceCopy(ConstMatrixView host) : host_(host), memory_(extent_of(host)) {}
  MatrixView view() const {
    return {memory_.data(), host_.n_rows, host_.n_columns, host_.row_stride};
  }
  void read(MatrixView host) const { memory_.read(extent_of(host)); }

 private:
  ConstMatrixView host_;
  DeviceArray<float> memory_;
};

}  // namespace reprotrain::kernels
