// SPDX-License-Identifier: Apache-2.0
// One block of floats on a cache-line boundary, zeroed, that only ever grows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

#include "kernels/base/matrix_view.h"

namespace reprotrain::engine {

/// Memory of parameters, gradients and activations.
class FloatArena {
 public:
  FloatArena() = default;
  explicit FloatArena(int64_t size) { reserve(size); }

  int64_t size() const { return size_; }
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  std::span<float> span() { return {data_.get(), static_cast<size_t>(size_)}; }
  std::span<const float> span() const { return {data_.get(), static_cast<size_t>(size_)}; }

  /// Makes room for `size` floats. Growing forgets the contents and zeroes them.
  void reserve(int64_t size) {
    if (size <= size_) return;
    const size_t bytes = static_cast<size_t>(size) * sizeof(float);
    data_.reset(static_cast<float*>(::operator new(bytes, kAlignment)));
    std::fill_n(data_.get(), size, 0.0f);
    size_ = size;
  }

  /// A dense matrix at the start of the arena, which grows as needed.
  kernels::MatrixView matrix(int64_t n_rows, int64_t n_columns) {
    reserve(n_rows * n_columns);
    return kernels::dense_view(data_.get(), n_rows, n_columns);
  }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(float* data) const { ::operator delete(data, kAlignment); }
  };

  std::unique_ptr<float, Free> data_;
  int64_t size_ = 0;
};

}  // namespace reprotrain::engine
