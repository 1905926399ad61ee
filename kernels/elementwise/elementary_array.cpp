// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/elementary_array.h"

#include <algorithm>
#include <cstring>

#include "kernels/elementwise/elementary.h"
#include "kernels/elementwise/vector_loop.h"

namespace reprotrain::kernels::rounded {
namespace {

/// Elements estimated before the undecided ones are settled: results and marks stay in the L1
/// cache.
constexpr int64_t kBlock = 512;

/// result[i] = the estimate of F(x[i]) rounded; undecided[i] = 1 where that is not the result, else
/// 0.
template <typename F>
struct EstimateElement {
  const float* x;
  float* result;
  uint32_t* undecided;

  RPT_HD void operator()(int64_t i) const {
    const RoundedInterval interval = rounded_interval(F::estimate(x[i]));
    result[i] = interval.low;
    undecided[i] = interval.is_one_float() ? 0u : 1u;
  }
};

template <typename F>
void block_of(const float* x, float* y, int64_t n) {
  float result[kBlock];
  uint32_t undecided[kBlock];
  vector_loop(EstimateElement<F>{x, result, undecided}, 0, n);
  uint32_t n_undecided = 0;
  for (int64_t i = 0; i < n; ++i) n_undecided += undecided[i];
  for (int64_t i = 0; n_undecided != 0; ++i) {
    if (undecided[i] == 0) continue;
    result[i] = decided<F>(x[i]);
    --n_undecided;
  }
  std::memcpy(y, result, static_cast<size_t>(n) * sizeof(float));
}

template <typename F>
void array_of(const float* x, float* y, int64_t n) {
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    block_of<F>(x + begin, y + begin, std::min(kBlock, n - begin));
  }
}

}  // namespace

void exp_array(const float* x, float* y, int64_t n) { array_of<Exp>(x, y, n); }
void log_array(const float* x, float* y, int64_t n) { array_of<Log>(x, y, n); }
void log1p_array(const float* x, float* y, int64_t n) { array_of<Log1p>(x, y, n); }
void expm1_array(const float* x, float* y, int64_t n) { array_of<Expm1>(x, y, n); }
void tanh_array(const float* x, float* y, int64_t n) { array_of<Tanh>(x, y, n); }
void sigmoid_array(const float* x, float* y, int64_t n) { array_of<Sigmoid>(x, y, n); }
void erf_array(const float* x, float* y, int64_t n) { array_of<Erf>(x, y, n); }
void gelu_array(const float* x, float* y, int64_t n) { array_of<Gelu>(x, y, n); }
void gelu_derivative_array(const float* x, float* y, int64_t n) {
  array_of<GeluDerivative>(x, y, n);
}

}  // namespace reprotrain::kernels::rounded
