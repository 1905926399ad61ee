// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/elementary_array_cuda.h"

#include "kernels/elementwise/elementary.h"
#include "kernels/elementwise/quad_map.h"

namespace reprotrain::kernels::rounded {
namespace {

template <typename F>
struct ElementaryQuad {
  using Value = float;
  static constexpr int kReads = 1;
  static constexpr int kWrites = 1;
  __device__ void operator()(int64_t /*quad*/, const float (*in)[4], float (*out)[4]) const {
    for (int i = 0; i < 4; ++i) out[0][i] = correctly_rounded<F>(in[0][i]);
  }
};

template <typename F>
void array_of(const float* x, float* y, int64_t n, cudaStream_t stream) {
  map_quads(ElementaryQuad<F>{}, {{x}, {y}}, n, stream);
}

}  // namespace

void exp_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  array_of<Exp>(x, y, n, stream);
}
void log_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  array_of<Log>(x, y, n, stream);
}
void log1p_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  array_of<Log1p>(x, y, n, stream);
}
void expm1_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  array_of<Expm1>(x, y, n, stream);
}
void tanh_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  array_of<Tanh>(x, y, n, stream);
}
void sigmoid_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  array_of<Sigmoid>(x, y, n, stream);
}
void erf_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  array_of<Erf>(x, y, n, stream);
}
void gelu_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  array_of<Gelu>(x, y, n, stream);
}
void gelu_derivative_array_cuda(const float* x, float* y, int64_t n, cudaStream_t stream) {
  array_of<GeluDerivative>(x, y, n, stream);
}

}  // namespace reprotrain::kernels::rounded
