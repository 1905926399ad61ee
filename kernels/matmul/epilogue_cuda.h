// SPDX-License-Identifier: Apache-2.0
// The end of a product on a CUDA device: up to four neighbours of a row, from x to what C holds.
//
// Why simple formulas only: relu and the derivatives from y take a few instructions, and fused they
//   save a pass over C in memory. A correctly rounded function takes a hundred and more registers than
//   a kernel full of sums has left: that is a pass of its own, epilogue_pass_cuda.h.
// Determinism: the formulas of activation.h, elementwise.
// See also: epilogue.h.
#pragma once

#include <cstdint>

#include "kernels/base/cuda_launch.h"
#include "kernels/base/quad_map_cuda.h"
#include "kernels/elementwise/activation.h"
#include "kernels/matmul/epilogue.h"

namespace reprotrain::kernels {

/// Whether finish_quad knows the formula.
inline bool is_simple(const Epilogue& epilogue) {
  switch (epilogue.kind) {
    case Epilogue::Kind::kNone:
      return true;
    case Epilogue::Kind::kActivation:
      return epilogue.activation == Activation::kRelu;
    case Epilogue::Kind::kDerivative:
      return !derivative_needs_input(epilogue.activation);
  }
  return false;
}

/// `values` hold x of the elements (row, column), ..., (row, column + n - 1), n <= 4, and get
/// formula(x, operand of the derivative); x is kept, where that is asked for.
template <class Formula>
__device__ __forceinline__ void finish_quad(const Formula& formula, const Epilogue& epilogue,
                                            int64_t row, int64_t column, int n,
                                            float (&values)[4]) {
  float of[4] = {};
  if (epilogue.kind == Epilogue::Kind::kDerivative) {
    load_quad(epilogue.derivative_of.row(row) + column, 0, n, of);
  } else if (epilogue.keeps_input()) {
    store_quad(epilogue.kept_input.row(row) + column, 0, n, values);
  }
#pragma unroll
  for (int e = 0; e < 4; ++e) values[e] = formula(values[e], of[e]);
}

/// f(x) or x * f' for an epilogue that is simple, and not kNone.
struct SimpleFormula {
  Epilogue::Kind kind;
  Activation activation;

  __device__ float operator()(float x, float of) const {
    if (kind == Epilogue::Kind::kActivation) return Relu::value(x);
    if (activation == Activation::kRelu) return x * Relu::derivative(of, of);
    if (activation == Activation::kTanh) return x * Tanh::derivative(of, of);
    return x * Sigmoid::derivative(of, of);
  }
};

/// The same for an epilogue that is simple.
__device__ __forceinline__ void finish_quad(const Epilogue& epilogue, int64_t row, int64_t column,
                                            int n, float (&values)[4]) {
  if (epilogue.kind == Epilogue::Kind::kNone) return;
  finish_quad(SimpleFormula{epilogue.kind, epilogue.activation}, epilogue, row, column, n, values);
}

}  // namespace reprotrain::kernels
