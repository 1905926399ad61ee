// SPDX-License-Identifier: Apache-2.0
// The scalar formulas, used in device code once, whatever kernels do with them. Compiled to PTX by
// cuda_headers.py, never run. The digest of tensors, integers only, is checked with the kernels.
#include "kernels/base/float_bits.h"
#include "kernels/elementwise/activation.h"
#include "kernels/elementwise/dropout.h"
#include "kernels/elementwise/elementary.h"
#include "kernels/elementwise/initialisation.h"
#include "kernels/elementwise/layer_norm.h"
#include "kernels/feature/clip.h"
#include "kernels/feature/log1p.h"
#include "kernels/feature/min_max.h"
#include "kernels/feature/standardize.h"
#include "kernels/loss/classification_loss.h"
#include "kernels/loss/regression_loss.h"
#include "kernels/optimizer/adam.h"
#include "kernels/optimizer/sgd.h"
#include "kernels/random/philox.h"
#include "kernels/random/streams.h"
#include "kernels/reduce/lane_sum.h"

using namespace reprotrain::kernels;

__global__ void elementary_functions(const float* x, float* y, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= n) return;
  y[i] = rounded::exp(x[i]) + rounded::log(x[i]) + rounded::log1p(x[i]) + rounded::expm1(x[i]) +
         rounded::tanh(x[i]) + rounded::sigmoid(x[i]) + rounded::erf(x[i]) + rounded::gelu(x[i]) +
         rounded::gelu_derivative(x[i]);
}

template <typename F>
__device__ float by_pairs(float x) {
  return rounded::correctly_rounded_by<F, rounded::EstimateIn::kBinary32Pair>(x);
}

__global__ void elementary_functions_by_pairs(const float* x, float* y, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= n) return;
  y[i] = by_pairs<rounded::Exp>(x[i]) + by_pairs<rounded::Log>(x[i]) +
         by_pairs<rounded::Log1p>(x[i]) + by_pairs<rounded::Expm1>(x[i]) +
         by_pairs<rounded::Tanh>(x[i]) + by_pairs<rounded::Sigmoid>(x[i]) +
         by_pairs<rounded::Erf>(x[i]) + by_pairs<rounded::Gelu>(x[i]) +
         by_pairs<rounded::GeluDerivative>(x[i]);
}

__global__ void features(const float* x, float* y, int n, Standardize standardize, MinMax min_max) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= n) return;
  y[i] = min_max(standardize(x[i]));
}

__global__ void losses(const float* x, float* y, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= n) return;
  y[i] = BinaryCrossEntropy<>{}(x[i], i % 2 == 0).loss;
}

__global__ void random_units(float* y, int n, RandomStream stream) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) y[i] = random_unit(stream, static_cast<unsigned>(i));
}

__global__ void optimizers(float* p, const float* g, float* m, float* v, int n, Sgd sgd,
                           Adam adam) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= n) return;
  const float decayed =
      sgd.plain<true>(p[i], g[i]) + sgd.with_momentum<true, true>(p[i], g[i], m[i]);
  p[i] = adam.step<AdamDecay::kDecoupled>(decayed, g[i], m[i], v[i]) +
         adam.step<AdamDecay::kInGradient>(p[i], g[i], m[i], v[i]);
}

__global__ void layer_norms(const float* x, float* y, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const float mean = lane_sum([x](int64_t j) { return x[j]; }, n) / static_cast<float>(n);
  const float inverse =
      layer_norm_step::inverse_deviation(layer_norm_step::squared_deviation(x[i], mean));
  const float normal = layer_norm_step::normal(x[i], mean, inverse);
  y[i] = layer_norm_step::output(normal, x[0], x[1]) +
         layer_norm_step::input_gradient(x[2], normal, x[3], x[4], inverse);
}

__global__ void initial_weights(float* y, int n, WeightInitialisation weights) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) y[i] = weights.value_of_word(random_word(weights.stream, static_cast<unsigned>(i)));
}
