// SPDX-License-Identifier: Apache-2.0
// One block of a device's memory, zeroed, that only ever grows.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/device/compute_device.h"
#include "kernels/base/matrix_view.h"

namespace reprotrain::engine {

/// Memory of parameters, gradients and activations. The device must outlive it.
template <typename T>
class DeviceArena {
 public:
  DeviceArena() = default;
  DeviceArena(ComputeDevice& device, int64_t size) { reserve(device, size); }

  int64_t size() const { return size_; }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::span<T> span() { return {data_.get(), static_cast<size_t>(size_)}; }
  std::span<const T> span() const { return {data_.get(), static_cast<size_t>(size_)}; }

  /// Makes room for `size` elements. Growing forgets the contents and zeroes them.
  void reserve(ComputeDevice& device, int64_t size) {
    if (size <= size_) return;
    const int64_t n_bytes = size * static_cast<int64_t>(sizeof(T));
    size_ = 0;
    data_.reset();
    data_ = {static_cast<T*>(device.allocate(n_bytes)), Release{&device}};
    device.clear(data_.get(), n_bytes);
    size_ = size;
  }

  /// A dense matrix at the start of the arena, which grows as needed.
  kernels::BasicMatrixView<T> matrix(ComputeDevice& device, int64_t n_rows, int64_t n_columns) {
    reserve(device, n_rows * n_columns);
    return kernels::dense_view(data_.get(), n_rows, n_columns);
  }

 private:
  struct Release {
    ComputeDevice* device = nullptr;
    void operator()(T* memory) const { device->release(memory); }
  };

  std::unique_ptr<T, Release> data_;
  int64_t size_ = 0;
};

using FloatArena = DeviceArena<float>;

}  // namespace reprotrain::engine
