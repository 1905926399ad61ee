// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/estimate_check.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "kernels/base/vector_loop.h"
#include "kernels/elementwise/elementary.h"

namespace reprotrain::oracle {
namespace {

namespace ours = kernels::rounded;
using kernels::bits_of;

constexpr int64_t kBlock = 4096;

/// Arguments and, for each, what the two estimates say.
struct Block {
  float x[kBlock];
  float first[kBlock];          ///< the first estimate's result, if it decides
  uint32_t undecided[kBlock];   ///< 1 where the first estimate does not decide
  uint32_t beyond[kBlock];      ///< 1 where a bound is broken
  uint32_t suspicious[kBlock];  ///< 1 there, and where it decides and the estimates differ, or more
                                ///< is needed to tell
  float share[kBlock];          ///< the first estimate's own part of the distance over its bound
};

/// A first estimate of either kind. A bound of 0 marks a result by rule, or none: no bound to keep.
struct FirstEstimate {
  double value;
  double bound;
  float rounded;
  uint32_t is_decided;
};

/// The instruction of a CPU: only inside fused_vector_loop.
struct FmaInstruction {
  static RPT_HD float of(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
};

template <typename F, typename Fma>
struct InPairs {
  RPT_HD static FirstEstimate of(float x) {
    const ours::PairEstimate pair = F::template estimate_in_pairs<Fma>(x);
    const ours::RoundedInterval interval = ours::rounded_interval(pair);
    return {static_cast<double>(pair.hi) + static_cast<double>(pair.lo),
            static_cast<double>(pair.error), interval.low, interval.low == interval.high ? 1u : 0u};
  }
};

template <typename F, typename MultiplyAdd>
struct Quick {
  RPT_HD static FirstEstimate of(float x) {
    const ours::QuickEstimate quick = F::template quick_estimate<MultiplyAdd>(x);
    const double bound = ours::magnitude(quick.value) * ours::kQuickError;
    const uint64_t sign = static_cast<uint64_t>(quick.sign) << 32;
    return {kernels::double_from_bits(bits_of(quick.value) | sign),
            ours::chosen(quick.known != 0, bound, 0.0), quick.rounded(),
            quick.is_decided() ? 1u : 0u};
  }
};

/// Distance of the two estimates and its bounds. A value that is not finite has no bound to keep.
struct Distance {
  double between;
  double first_bound;
  double both_bounds;

  RPT_HD bool is_beyond() const { return between > both_bounds; }
};
RPT_HD Distance distance_of(const FirstEstimate& first, const ours::Estimate& binary64) {
  const double between = ours::magnitude(first.value - binary64.value);
  const bool has_bound = (first.bound > 0.0) & (between < HUGE_VAL);
  return {ours::chosen(has_bound, between, 0.0), ours::chosen(has_bound, first.bound, 1.0),
          first.bound + binary64.error};
}

template <typename F, class First>
struct CompareElement {
  Block* block;
  RPT_HD void operator()(int64_t i) const {
    const FirstEstimate first = First::of(block->x[i]);
    const ours::Estimate binary64 = F::estimate(block->x[i]);
    const ours::RoundedInterval by_binary64 = ours::rounded_interval(binary64);
    const Distance distance = distance_of(first, binary64);
    const bool agree = (by_binary64.low == by_binary64.high) &
                       (bits_of(first.rounded) == bits_of(by_binary64.low));
    const bool decided = first.is_decided != 0;
    block->first[i] = first.rounded;
    block->undecided[i] = decided ? 0u : 1u;
    block->beyond[i] = distance.is_beyond() ? 1u : 0u;
    block->suspicious[i] = ((decided & !agree) | distance.is_beyond()) ? 1u : 0u;
    block->share[i] =
        static_cast<float>((distance.between - binary64.error) / distance.first_bound);
  }
};

/// Argument i, whose comparison is suspicious, without haste: the result and the bound that the loop saw, whatever fma
/// it had.
template <typename F>
EstimateTally examined(const Block& block, int64_t i, const EstimateListener& listener) {
  const float x = block.x[i];
  const uint32_t truth = bits_of(ours::correctly_rounded<F>(x));
  EstimateTally tally;
  tally.n_mismatches = block.undecided[i] == 0 && bits_of(block.first[i]) != truth ? 1 : 0;
  tally.n_beyond_bound = block.beyond[i];
  if (tally.n_mismatches + tally.n_beyond_bound != 0) listener(x, bits_of(block.first[i]), truth);
  return tally;
}

/// What a compared block holds.
template <typename F>
EstimateTally tally_of(const Block& block, int64_t n, const EstimateListener& listener) {
  EstimateTally total;
  total.n_arguments = static_cast<uint64_t>(n);
  uint32_t n_undecided = 0, n_suspicious = 0;
  float worst = 0.0f;
  for (int64_t i = 0; i < n; ++i) {
    n_undecided += block.undecided[i];
    n_suspicious += block.suspicious[i];
    worst = block.share[i] > worst ? block.share[i] : worst;
  }
  total.n_undecided = n_undecided;
  total.worst_share_of_bound = static_cast<double>(worst);
  for (int64_t i = 0; n_suspicious != 0; ++i) {
    if (block.suspicious[i] == 0) continue;
    total.add(examined<F>(block, i, listener));
    --n_suspicious;
  }
  return total;
}

template <typename F>
EstimateTally check_block_in_pairs(Block& block, int64_t n, const EstimateListener& listener) {
  using OnAnyMachine = InPairs<F, ours::FmaOnAnyMachine>;
  if (!kernels::fused_vector_loop(CompareElement<F, InPairs<F, FmaInstruction>>{&block}, 0, n)) {
    kernels::vector_loop(CompareElement<F, OnAnyMachine>{&block}, 0, n);
  }
  return tally_of<F>(block, n, listener);
}

template <typename F>
EstimateTally check_block_quickly(Block& block, int64_t n, const EstimateListener& listener) {
  kernels::vector_loop(CompareElement<F, Quick<F, ours::AnyMultiplyAdd>>{&block}, 0, n);
  const EstimateTally any = tally_of<F>(block, n, listener);
  if (!kernels::fused_vector_loop(CompareElement<F, Quick<F, ours::FusedMultiplyAdd>>{&block}, 0,
                                  n)) {
    return any;
  }
  EstimateTally total = tally_of<F>(block, n, listener);
  total.n_mismatches += any.n_mismatches;
  total.n_beyond_bound += any.n_beyond_bound;
  total.worst_share_of_bound = std::max(total.worst_share_of_bound, any.worst_share_of_bound);
  return total;
}

using BlockCheck = EstimateTally (*)(Block& block, int64_t n, const EstimateListener& listener);

struct NamedCheck {
  const char* name;
  BlockCheck in_pairs;
  BlockCheck quick;
};
template <typename F>
constexpr NamedCheck checks_of(const char* name) {
  return {name, check_block_in_pairs<F>, check_block_quickly<F>};
}

constexpr NamedCheck kChecks[] = {
    checks_of<ours::Exp>("exp"),
    checks_of<ours::Log>("log"),
    checks_of<ours::Log1p>("log1p"),
    checks_of<ours::Expm1>("expm1"),
    checks_of<ours::Tanh>("tanh"),
    checks_of<ours::Sigmoid>("sigmoid"),
    checks_of<ours::Erf>("erf"),
    checks_of<ours::Gelu>("gelu"),
    checks_of<ours::GeluDerivative>("gelu_derivative"),
};

const NamedCheck& check_named(const std::string& name) {
  for (const NamedCheck& candidate : kChecks) {
    if (candidate.name == name) return candidate;
  }
  std::fprintf(stderr, "there is no function called %s\n", name.c_str());
  std::exit(2);
}

EstimateTally check_range(BlockCheck check, uint64_t begin, uint64_t end, uint64_t stride,
                          const EstimateListener& listener) {
  const auto block = std::make_unique<Block>();
  EstimateTally total;
  for (uint64_t bits = begin; bits < end;) {
    int64_t n = 0;
    for (; n < kBlock && bits < end; bits += stride) {
      block->x[n++] = kernels::float_from_bits(static_cast<uint32_t>(bits));
    }
    total.add(check(*block, n, listener));
  }
  return total;
}

}  // namespace

void EstimateTally::add(const EstimateTally& other) {
  n_arguments += other.n_arguments;
  n_undecided += other.n_undecided;
  n_mismatches += other.n_mismatches;
  n_beyond_bound += other.n_beyond_bound;
  worst_share_of_bound = std::max(worst_share_of_bound, other.worst_share_of_bound);
}

EstimateTally check_pairs(const std::string& name, uint64_t begin, uint64_t end, uint64_t stride,
                          const EstimateListener& listener) {
  return check_range(check_named(name).in_pairs, begin, end, stride, listener);
}

EstimateTally check_quick(const std::string& name, uint64_t begin, uint64_t end, uint64_t stride,
                          const EstimateListener& listener) {
  return check_range(check_named(name).quick, begin, end, stride, listener);
}

}  // namespace reprotrain::oracle
