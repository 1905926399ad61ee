// SPDX-License-Identifier: Apache-2.0
// C = f(C), and C is kept first, where that is asked for;  or C = C * f'
//
// Why: reads and writes C once, 8 bytes an element and 4 for what is kept or derived from, for a
//   hundred instructions of a correctly rounded function.
// Determinism: elementwise; the bits of the CPU.
// See also: epilogue_pass_cuda.h, activation.h.
#include "kernels/matmul/epilogue_pass_cuda.h"

#include "kernels/base/require.h"
#include "kernels/elementwise/estimate_cuda.h"
#include "kernels/matmul/epilogue_cuda.h"
#include "kernels/matmul/quad_rows_cuda.h"

namespace reprotrain::kernels {

namespace {

using rounded::EstimateIn;

template <class Function, EstimateIn kEstimate>
struct ValueFormula {
  __device__ float operator()(float x, float /*of*/) const {
    return Function::template value<kEstimate>(x);
  }
};

template <class Function, EstimateIn kEstimate>
struct DerivativeFormula {
  __device__ float operator()(float x, float of) const {
    return x * Function::template derivative<kEstimate>(of, of);
  }
};

/// A thread takes four neighbouring elements of a row.
template <class Formula>
__global__ void __launch_bounds__(256)
    epilogue_pass_kernel(const MatrixView c, const Epilogue epilogue) {
  for_each_quad_of_rows(c.n_rows, c.n_columns, [&](int64_t row, int64_t column, int n) {
    float values[4];
    load_quad(c.row(row) + column, 0, n, values);
    finish_quad(Formula(), epilogue, row, column, n, values);
    store_quad(c.row(row) + column, 0, n, values);
  });
}

using Kernel = void (*)(MatrixView, Epilogue);

template <class Function, EstimateIn kEstimate>
Kernel kernel_of(Epilogue::Kind kind) {
  return kind == Epilogue::Kind::kActivation
             ? epilogue_pass_kernel<ValueFormula<Function, kEstimate>>
             : epilogue_pass_kernel<DerivativeFormula<Function, kEstimate>>;
}

template <EstimateIn kEstimate>
Kernel kernel_for(const Epilogue& epilogue) {
  switch (epilogue.activation) {
    case Activation::kRelu:
      return kernel_of<Relu, kEstimate>(epilogue.kind);
    case Activation::kTanh:
      return kernel_of<Tanh, kEstimate>(epilogue.kind);
    case Activation::kSigmoid:
      return kernel_of<Sigmoid, kEstimate>(epilogue.kind);
    case Activation::kGelu:
      return kernel_of<Gelu, kEstimate>(epilogue.kind);
  }
  return nullptr;
}

}  // namespace

void finish_matrix_cuda(const Epilogue& epilogue, const MatrixView& c, EstimateIn estimate,
                        cudaStream_t stream) {
  require_view(c, "C");
  require_epilogue(epilogue, c.n_rows, c.n_columns);
  const int64_t n_quads = c.n_rows * quads_of_row(c.n_columns);
  if (epilogue.kind == Epilogue::Kind::kNone || n_quads == 0) return;
  const Kernel kernel = estimate == EstimateIn::kBinary64
                            ? kernel_for<EstimateIn::kBinary64>(epilogue)
                            : kernel_for<EstimateIn::kBinary32Pair>(epilogue);
  launch(kernel, {blocks_for(n_quads, 256), 256}, stream, c, epilogue);
}

void finish_matrix_cuda(const Epilogue& epilogue, const MatrixView& c, cudaStream_t stream) {
  finish_matrix_cuda(epilogue, c, rounded::estimate_of_device(), stream);
}

}  // namespace reprotrain::kernels
