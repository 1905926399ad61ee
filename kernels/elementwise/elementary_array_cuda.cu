// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/elementary_array_cuda.h"

#include "kernels/base/quad_map_cuda.h"
#include "kernels/elementwise/estimate_cuda.h"

namespace reprotrain::kernels::rounded {
namespace {

template <typename F, EstimateIn kEstimate>
struct ElementaryQuad {
  using Value = float;
  static constexpr int kReads = 1;
  static constexpr int kWrites = 1;
  __device__ void operator()(int64_t /*quad*/, const float (*in)[4], float (*out)[4]) const {
    for (int i = 0; i < 4; ++i) out[0][i] = correctly_rounded_by<F, kEstimate>(in[0][i]);
  }
};

}  // namespace

template <typename F>
void elementary_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream,
                           EstimateIn estimate) {
  if (estimate == EstimateIn::kBinary64) {
    map_quads(ElementaryQuad<F, EstimateIn::kBinary64>{}, {{x}, {y}}, n, stream);
  } else {
    map_quads(ElementaryQuad<F, EstimateIn::kBinary32Pair>{}, {{x}, {y}}, n, stream);
  }
}

void exp_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  elementary_array_cuda<Exp>(x, y, n, stream, estimate_of_device());
}
void log_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  elementary_array_cuda<Log>(x, y, n, stream, estimate_of_device());
}
void log1p_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  elementary_array_cuda<Log1p>(x, y, n, stream, estimate_of_device());
}
void expm1_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  elementary_array_cuda<Expm1>(x, y, n, stream, estimate_of_device());
}
void tanh_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  elementary_array_cuda<Tanh>(x, y, n, stream, estimate_of_device());
}
void sigmoid_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  elementary_array_cuda<Sigmoid>(x, y, n, stream, estimate_of_device());
}
void erf_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  elementary_array_cuda<Erf>(x, y, n, stream, estimate_of_device());
}
void gelu_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  elementary_array_cuda<Gelu>(x, y, n, stream, estimate_of_device());
}
void gelu_derivative_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  elementary_array_cuda<GeluDerivative>(x, y, n, stream, estimate_of_device());
}

template void elementary_array_cuda<Exp>(const float*, float*, int64_t, cudaStream_t, EstimateIn);
template void elementary_array_cuda<Log>(const float*, float*, int64_t, cudaStream_t, EstimateIn);
template void elementary_array_cuda<Log1p>(const float*, float*, int64_t, cudaStream_t, EstimateIn);
template void elementary_array_cuda<Expm1>(const float*, float*, int64_t, cudaStream_t, EstimateIn);
template void elementary_array_cuda<Tanh>(const float*, float*, int64_t, cudaStream_t, EstimateIn);
template void elementary_array_cuda<Sigmoid>(const float*, float*, int64_t, cudaStream_t,
                                             EstimateIn);
template void elementary_array_cuda<Erf>(const float*, float*, int64_t, cudaStream_t, EstimateIn);
template void elementary_array_cuda<Gelu>(const float*, float*, int64_t, cudaStream_t, EstimateIn);
template void elementary_array_cuda<GeluDerivative>(const float*, float*, int64_t, cudaStream_t,
                                                    EstimateIn);

}  // namespace reprotrain::kernels::rounded
