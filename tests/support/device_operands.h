// SPDX-License-Identifier: Apache-2.0
// The operands of a product test case in device memory, rows apart and misaligned as asked.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/conformance/device_array.h"
#include "tests/support/product_operands.h"

namespace reprotrain::testing {

/// A matrix that starts `shift` floats into an allocation and ends with it, with `gap` floats of
/// garbage between rows. On the emulated device a page before or after it faults when touched.
class DeviceMatrix {
 public:
  DeviceMatrix(const kernels::ConstMatrixView& host, int64_t gap, int64_t shift)
      : n_rows_(host.n_rows),
        n_columns_(host.n_columns),
        stride_(host.n_columns + gap),
        memory_(spread(host), static_cast<size_t>(shift)) {}

  kernels::MatrixView view() { return {memory_.data(), n_rows_, n_columns_, stride_}; }

  /// Elements row by row; expects the gaps to hold what they held.
  Bits bits() const {
    const std::vector<float> values = memory_.values();
    Bits bits;
    bool gaps_are_whole = true;
    for (size_t i = 0; i < values.size(); ++i) {
      if (static_cast<int64_t>(i) % stride_ < n_columns_) {
        bits.push_back(kernels::bits_of(kernels::canonical(values[i])));
      } else {
        gaps_are_whole &= values[i] == kGarbage;
      }
    }
    EXPECT_TRUE(gaps_are_whole);
    return bits;
  }

 private:
  static constexpr float kGarbage = 1e30f;

  std::vector<float> spread(const kernels::ConstMatrixView& host) const {
    const bool is_empty = n_rows_ == 0 || n_columns_ == 0;
    const int64_t size = is_empty ? 0 : (n_rows_ - 1) * stride_ + n_columns_;
    std::vector<float> values(static_cast<size_t>(size), kGarbage);
    for (int64_t row = 0; row < n_rows_ && !is_empty; ++row) {
      std::copy_n(host.row(row), n_columns_, values.begin() + row * stride_);
    }
    return values;
  }

  int64_t n_rows_;
  int64_t n_columns_;
  int64_t stride_;
  kernels::DeviceArray<float> memory_;
};

/// A case's operands on the device; `product` refers to them.
struct DeviceOperands {
  explicit DeviceOperands(const ProductOperands& host, int64_t gap = 0, int64_t shift = 0)
      : a(host.product.a, gap, shift),
        b(host.product.b, gap, shift),
        c(host.product.c, gap, shift),
        bias(host.bias, static_cast<size_t>(shift)),
        product(host.product) {
    product.a = a.view();
    product.b = b.view();
    product.c = c.view();
    product.bias = host.product.bias != nullptr ? bias.data() : nullptr;
  }

  DeviceMatrix a, b, c;
  kernels::DeviceArray<float> bias;
  kernels::MatrixProduct product;
};

}  // namespace reprotrain::testing
