// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/elementary_array.h"

#include <algorithm>
#include <cstring>

#include "kernels/base/ceil_div.h"
#include "kernels/elementwise/elementary.h"
#include "kernels/elementwise/vector_loop.h"

namespace reprotrain::kernels::rounded {
namespace {

/// Elements estimated before the undecided ones are settled: results and marks stay in the L1
/// cache.
constexpr int64_t kBlock = 512;

/// Results of a block, and undecided[i] = 1 where the estimate's interval does not round to one
/// float, else 0.
struct BlockResults {
  float result[kBlock];
  uint32_t undecided[kBlock];

  RPT_HD void set(int64_t i, RoundedInterval interval) {
    result[i] = interval.low;
    undecided[i] = interval.is_one_float() ? 0u : 1u;
  }
  int64_t n_undecided(int64_t n) const {
    uint32_t sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += undecided[i];
    return sum;
  }
};

template <typename F>
struct PairElement {
  const float* x;
  BlockResults* results;
  RPT_HD void operator()(int64_t i) const {
    results->set(i, rounded_interval(F::template estimate_in_pairs<FmaInstruction>(x[i])));
  }
};

template <typename F>
struct Binary64Element {
  const float* x;
  BlockResults* results;
  RPT_HD void operator()(int64_t i) const { results->set(i, rounded_interval(F::estimate(x[i]))); }
};

/// A share of undecided elements from which on a second pass over the block is worth it.
constexpr int64_t kManyUndecided = 32;

template <typename F>
void block_of(const float* x, float* y, int64_t n) {
  BlockResults block;
  int64_t n_undecided = n;
  if (fused_vector_loop(PairElement<F>{x, &block}, 0, n)) n_undecided = block.n_undecided(n);
  const bool in_pairs = n_undecided < ceil_div(n, kManyUndecided);
  if (!in_pairs) {
    vector_loop(Binary64Element<F>{x, &block}, 0, n);
    n_undecided = block.n_undecided(n);
  }
  for (int64_t i = 0; n_undecided != 0; ++i) {
    if (block.undecided[i] == 0) continue;
    block.result[i] = in_pairs ? correctly_rounded<F>(x[i]) : decided<F>(x[i]);
    --n_undecided;
  }
  std::memcpy(y, block.result, static_cast<size_t>(n) * sizeof(float));
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
