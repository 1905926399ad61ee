// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/elementary_array.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernels/base/vector_loop.h"
#include "kernels/elementwise/elementary.h"

namespace reprotrain::kernels::rounded {
namespace {

/// Elements in work at a time: what is kept of them stays in the L1 cache.
constexpr int64_t kBlock = 512;

/// What is known of a block of elements.
struct Block {
  double value[kBlock];        ///< quick estimates
  uint32_t undecided[kBlock];  ///< all bits where f(x) is not settled yet, else none
};
RPT_HD uint32_t all_bits_where(bool condition) { return 0u - static_cast<uint32_t>(condition); }

template <typename F, typename MultiplyAdd>
struct EstimateElement {
  const float* x;
  Block* block;
  RPT_HD void operator()(int64_t i) const {
    block->value[i] = F::template quick_estimate<MultiplyAdd>(x[i]).value;
  }
};

/// A loop of its own, because the low halves of numbers in memory are cheaper to gather than those
/// of numbers in registers. Of its quick_estimate only `sign` and `known` are used and computed.
template <typename F>
struct RoundElement {
  const float* x;
  float* y;
  Block* block;
  RPT_HD void operator()(int64_t i) const {
    static_assert(std::endian::native == std::endian::little);
    const QuickEstimate e = F::template quick_estimate<AnyMultiplyAdd>(x[i]);
    uint32_t low_bits;
    memcpy(&low_bits, &block->value[i], sizeof low_bits);
    block->undecided[i] = all_bits_where(!e.is_decided(low_bits));
    y[i] = e.rounded(block->value[i]);
  }
};

/// The estimate of estimate.h, for blocks of which the quick one leaves much undecided.
template <typename F>
struct Binary64Element {
  const float* x;
  float* y;
  Block* block;
  RPT_HD void operator()(int64_t i) const {
    const RoundedInterval interval = rounded_interval(F::estimate(x[i]));
    block->undecided[i] = all_bits_where(!interval.is_one_float());
    y[i] = interval.low;
  }
};

template <typename F>
void quick_estimates(const float* x, Block& block, int64_t n) {
  if (!fused_vector_loop(EstimateElement<F, FusedMultiplyAdd>{x, &block}, 0, n)) {
    vector_loop(EstimateElement<F, AnyMultiplyAdd>{x, &block}, 0, n);
  }
}

/// Counts, as a row of its own, so that the widest vectors do it.
struct CountRow {
  const Block* block;
  int64_t n;
  uint32_t* count;
  RPT_HD void operator()(int64_t /*row*/) const {
    uint32_t sum = 0;
    for (int64_t i = 0; i < n; ++i) sum -= block->undecided[i];
    *count = sum;
  }
};
int64_t n_undecided_of(const Block& block, int64_t n) {
  uint32_t count = 0;
  row_loop(CountRow{&block, n, &count}, 0, 1);
  return count;
}

/// Elements that are looked through together for undecided ones.
constexpr int64_t kGroup = 16;
static_assert(kBlock % kGroup == 0);
bool has_undecided(const Block& block, int64_t begin) {
  uint32_t any = 0;
  for (int64_t i = begin; i < begin + kGroup; ++i) any |= block.undecided[i];
  return any != 0;
}

/// A share of undecided elements from which on a second pass over the block is worth it.
constexpr int64_t kManyUndecided = 32;

/// x and y do not overlap.
template <typename F>
void block_of(const float* x, float* y, int64_t n) {
  Block block;
  quick_estimates<F>(x, block, n);
  vector_loop(RoundElement<F>{x, y, &block}, 0, n);
  int64_t n_undecided = n_undecided_of(block, n);
  const bool are_many = n_undecided * kManyUndecided > n;
  if (are_many) {
    vector_loop(Binary64Element<F>{x, y, &block}, 0, n);
    n_undecided = n_undecided_of(block, n);
  }
  std::fill(block.undecided + n, block.undecided + std::min(kBlock, n + kGroup), 0u);
  for (int64_t begin = 0; n_undecided != 0; begin += kGroup) {
    if (!has_undecided(block, begin)) continue;
    for (int64_t i = begin; i < std::min(begin + kGroup, n); ++i) {
      if (block.undecided[i] == 0) continue;
      y[i] = are_many ? decided<F>(x[i]) : correctly_rounded<F>(x[i]);
      --n_undecided;
    }
  }
}

template <typename F>
void array_of(const float* x, float* y, int64_t n) {
  float arguments[kBlock];
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t length = std::min(kBlock, n - begin);
    const float* source = x + begin;
    if (x == y) {
      std::memcpy(arguments, source, static_cast<size_t>(length) * sizeof(float));
      source = arguments;
    }
    block_of<F>(source, y + begin, length);
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
