// SPDX-License-Identifier: Apache-2.0
// Activation functions of hidden layers and their derivatives, one scalar definition each.
//
//   forward   y = f(x)
//   backward  gradient = gradient * f'(x)     one binary32 multiplication
//   relu      f = x <= 0 ? +0 : x             f' = y > 0 ? 1 : +0
//   tanh      f = rounded::tanh(x)            f' = (1 - y) * (1 + y)
//   sigmoid   f = rounded::sigmoid(x)         f' = y * (1 - y)
//   gelu      f = rounded::gelu(x)            f' = rounded::gelu_derivative(x)
//
// NaN gives NaN.
// Why: once per hidden unit and step, 64x128 to 128x1024 elements.
// Determinism: elementwise.
// See also: elementary.h, kernels/matmul/epilogue_rows.h for the backward pass over threads,
// docs/arithmetic.md "Activations, dropout and layer norm".
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/base/hd.h"
#include "kernels/base/parallel.h"
#include "kernels/elementwise/activation_kind.h"
#include "kernels/elementwise/elementary.h"

namespace reprotrain::kernels {

/// Functions take the arithmetic of their first estimate; it never reaches a value.
struct Relu {
  template <rounded::EstimateIn = rounded::EstimateIn::kBinary64>
  static RPT_HD float value(float x) {
    return x <= 0.0f ? 0.0f : x;
  }
  template <rounded::EstimateIn = rounded::EstimateIn::kBinary64>
  static RPT_HD float derivative(float /*x*/, float y) {
    // Two selections side by side: nested ones became branches, which a batch's signs mispredict.
    const float step = y > 0.0f ? 1.0f : 0.0f;
    return y == y ? step : y;
  }
};

struct Tanh {
  template <rounded::EstimateIn kEstimate = rounded::EstimateIn::kBinary64>
  static RPT_HD float value(float x) {
    return rounded::correctly_rounded_by<rounded::Tanh, kEstimate>(x);
  }
  template <rounded::EstimateIn = rounded::EstimateIn::kBinary64>
  static RPT_HD float derivative(float /*x*/, float y) {
    return (1.0f - y) * (1.0f + y);
  }
};

struct Sigmoid {
  template <rounded::EstimateIn kEstimate = rounded::EstimateIn::kBinary64>
  static RPT_HD float value(float x) {
    return rounded::correctly_rounded_by<rounded::Sigmoid, kEstimate>(x);
  }
  template <rounded::EstimateIn = rounded::EstimateIn::kBinary64>
  static RPT_HD float derivative(float /*x*/, float y) {
    return y * (1.0f - y);
  }
};

struct Gelu {
  template <rounded::EstimateIn kEstimate = rounded::EstimateIn::kBinary64>
  static RPT_HD float value(float x) {
    return rounded::correctly_rounded_by<rounded::Gelu, kEstimate>(x);
  }
  template <rounded::EstimateIn kEstimate = rounded::EstimateIn::kBinary64>
  static RPT_HD float derivative(float x, float /*y*/) {
    return rounded::correctly_rounded_by<rounded::GeluDerivative, kEstimate>(x);
  }
};

/// One entry of the activation list; arrays have equal length.
struct ActivationKernel {
  std::string_view name;
  /// y[i] = f(x[i]); x and y may be the same array.
  void (*forward)(std::span<const float> x, std::span<float> y, const Parallel& parallel);
  /// y[i] = f(x[i]) for i < n, on the calling thread; y may be x.
  void (*values)(const float* x, float* y, int64_t n);
  /// gradient[i] = gradient[i] * f'(x[i]) for i < n, on the calling thread. `of` is y, or x if
  /// derivative_needs_input.
  void (*times_derivative)(const float* of, float* gradient, int64_t n);
};

/// All activations, in the order of `Activation`: relu, tanh, sigmoid, gelu.
std::span<const ActivationKernel> activation_list();

/// The entry of that name, or nullptr.
const ActivationKernel* find_activation(std::string_view name);

}  // namespace reprotrain::kernels
