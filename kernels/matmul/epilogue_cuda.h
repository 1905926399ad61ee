// SPDX-License-Identifier: Apache-2.0
// The end of a product on a CUDA device: up to four neighbours of a row, from x to what C holds.
//
// Why a function that is not inlined: a correctly rounded function needs more registers than a kernel
//   full of sums has left, so it is called when the sums are written, once for four elements, and
//   its code stands once in a file. The choice among activations is made there, the same for all
//   threads.
// Determinism: the formulas of activation.h; neither the grouping nor the estimate reaches a value.
// See also: epilogue.h, estimate_cuda.h.
#pragma once

#include <cstdint>

#include "kernels/base/cuda_launch.h"
#include "kernels/elementwise/activation.h"
#include "kernels/elementwise/estimate_cuda.h"
#include "kernels/elementwise/quad_map.h"
#include "kernels/matmul/epilogue.h"

namespace reprotrain::kernels {

namespace epilogue_detail {

template <class Function, rounded::EstimateIn kEstimate>
RPT_HD float4 applied(Epilogue::Kind kind, float4 x, float4 of) {
  if (kind == Epilogue::Kind::kActivation) {
    return {Function::template value<kEstimate>(x.x), Function::template value<kEstimate>(x.y),
            Function::template value<kEstimate>(x.z), Function::template value<kEstimate>(x.w)};
  }
  return {x.x * Function::template derivative<kEstimate>(of.x, of.x),
          x.y * Function::template derivative<kEstimate>(of.y, of.y),
          x.z * Function::template derivative<kEstimate>(of.z, of.z),
          x.w * Function::template derivative<kEstimate>(of.w, of.w)};
}

}  // namespace epilogue_detail

/// f(x), or x * f' as `of` has it (y, or x if derivative_needs_input), element by element.
template <rounded::EstimateIn kEstimate>
RPT_HD_RARE float4 after_epilogue(Epilogue::Kind kind, Activation activation, float4 x, float4 of) {
  using epilogue_detail::applied;
  switch (activation) {
    case Activation::kRelu:
      return applied<Relu, kEstimate>(kind, x, of);
    case Activation::kTanh:
      return applied<Tanh, kEstimate>(kind, x, of);
    case Activation::kSigmoid:
      return applied<Sigmoid, kEstimate>(kind, x, of);
    case Activation::kGelu:
      return applied<Gelu, kEstimate>(kind, x, of);
  }
  return x;
}

/// `values` hold x of the elements (row, column), ..., (row, column + n - 1), n <= 4, and get what C
/// holds of them; x is kept, where that is asked for.
__device__ __forceinline__ void finish_quad(const Epilogue& epilogue, rounded::EstimateIn estimate,
                                            int64_t row, int64_t column, int n,
                                            float (&values)[4]) {
  if (epilogue.kind == Epilogue::Kind::kNone) return;
  float of[4] = {};
  if (epilogue.kind == Epilogue::Kind::kDerivative) {
    load_quad(epilogue.derivative_of.row(row) + column, 0, n, of);
  } else if (epilogue.keeps_input()) {
    store_quad(epilogue.kept_input.row(row) + column, 0, n, values);
  }
  const float4 x{values[0], values[1], values[2], values[3]};
  const float4 of_x{of[0], of[1], of[2], of[3]};
  const float4 result = estimate == rounded::EstimateIn::kBinary64
                            ? after_epilogue<rounded::EstimateIn::kBinary64>(
                                  epilogue.kind, epilogue.activation, x, of_x)
                            : after_epilogue<rounded::EstimateIn::kBinary32Pair>(
                                  epilogue.kind, epilogue.activation, x, of_x);
  values[0] = result.x;
  values[1] = result.y;
  values[2] = result.z;
  values[3] = result.w;
}

/// The estimates that suit the current device.
inline rounded::EstimateIn estimate_for(const Epilogue& epilogue) {
  return epilogue.kind == Epilogue::Kind::kNone ? rounded::EstimateIn::kBinary64
                                                : rounded::estimate_of_device();
}

}  // namespace reprotrain::kernels
