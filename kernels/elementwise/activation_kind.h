// SPDX-License-Identifier: Apache-2.0
// The activation functions by number, and what the derivative of each is computed from.
// See also: activation.h for the formulas.
#pragma once

namespace reprotrain::kernels {

/// In the order of activation_list().
enum class Activation { kRelu, kTanh, kSigmoid, kGelu };

inline constexpr int kActivationCount = 4;

/// Whether f'(x) is computed from x; otherwise from y = f(x), and x need not be kept.
constexpr bool derivative_needs_input(Activation activation) {
  return activation == Activation::kGelu;
}

}  // namespace reprotrain::kernels
