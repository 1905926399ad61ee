// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/pair_check.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "kernels/elementwise/elementary.h"
#include "kernels/elementwise/vector_loop.h"

namespace reprotrain::oracle {
namespace {

namespace ours = kernels::rounded;
using kernels::bits_of;

constexpr int64_t kBlock = 4096;

/// Arguments and, for each, what the two estimates say.
struct Block {
  float x[kBlock];
  float pair[kBlock];           ///< the pair's result, if it decides
  uint32_t undecided[kBlock];   ///< 1 where the pair does not decide
  uint32_t suspicious[kBlock];  ///< 1 where the pair decides and the estimates differ, or more is
                                ///< needed to tell; 1 where a bound is broken
  float share[kBlock];          ///< distance of the estimates over the bound claimed for the pair
};

/// Distance of the two estimates and its bounds. An error of 0 marks a result by rule, without a
/// bound to keep; a value that is not finite has none either.
struct Distance {
  double between;
  double pair_bound;
  double both_bounds;

  RPT_HD bool is_beyond() const { return between > both_bounds; }
};
RPT_HD Distance distance_of(const ours::PairEstimate& pair, const ours::Estimate& binary64) {
  const double value = static_cast<double>(pair.hi) + static_cast<double>(pair.lo);
  const double bound = static_cast<double>(pair.error);
  const double between = ours::magnitude(value - binary64.value);
  const bool has_bound = (bound > 0.0) & (between < HUGE_VAL);
  return {ours::chosen(has_bound, between, 0.0), ours::chosen(has_bound, bound, 1.0),
          bound + binary64.error};
}

template <typename F, typename Fma>
struct CompareElement {
  Block* block;
  RPT_HD void operator()(int64_t i) const {
    const ours::PairEstimate pair = F::template estimate_in_pairs<Fma>(block->x[i]);
    const ours::Estimate binary64 = F::estimate(block->x[i]);
    const ours::RoundedInterval by_pair = ours::rounded_interval(pair);
    const ours::RoundedInterval by_binary64 = ours::rounded_interval(binary64);
    const Distance distance = distance_of(pair, binary64);
    const bool decided = by_pair.low == by_pair.high;
    const bool agree =
        (by_binary64.low == by_binary64.high) & (bits_of(by_pair.low) == bits_of(by_binary64.low));
    block->pair[i] = by_pair.low;
    block->undecided[i] = decided ? 0u : 1u;
    block->suspicious[i] = ((decided & !agree) | distance.is_beyond()) ? 1u : 0u;
    block->share[i] = static_cast<float>(distance.between / distance.pair_bound);
  }
};

/// Argument i, whose comparison is suspicious, without haste.
template <typename F>
PairTally examined(const Block& block, int64_t i, const PairListener& listener) {
  const float x = block.x[i];
  const uint32_t truth = bits_of(ours::correctly_rounded<F>(x));
  const ours::PairEstimate pair = F::template estimate_in_pairs<ours::FmaOnAnyMachine>(x);
  PairTally tally;
  tally.n_mismatches = block.undecided[i] == 0 && bits_of(block.pair[i]) != truth ? 1 : 0;
  tally.n_beyond_bound = distance_of(pair, F::estimate(x)).is_beyond() ? 1 : 0;
  if (tally.n_mismatches + tally.n_beyond_bound != 0) listener(x, bits_of(block.pair[i]), truth);
  return tally;
}

template <typename F>
PairTally check_block(Block& block, int64_t n, const PairListener& listener) {
  if (!kernels::fused_vector_loop(CompareElement<F, ours::FmaInstruction>{&block}, 0, n)) {
    kernels::vector_loop(CompareElement<F, ours::FmaOnAnyMachine>{&block}, 0, n);
  }
  PairTally total;
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

using BlockCheck = PairTally (*)(Block& block, int64_t n, const PairListener& listener);

struct NamedCheck {
  const char* name;
  BlockCheck check;
};

constexpr NamedCheck kChecks[] = {
    {"exp", check_block<ours::Exp>},
    {"log", check_block<ours::Log>},
    {"log1p", check_block<ours::Log1p>},
    {"expm1", check_block<ours::Expm1>},
    {"tanh", check_block<ours::Tanh>},
    {"sigmoid", check_block<ours::Sigmoid>},
    {"erf", check_block<ours::Erf>},
    {"gelu", check_block<ours::Gelu>},
    {"gelu_derivative", check_block<ours::GeluDerivative>},
};

BlockCheck check_named(const std::string& name) {
  for (const NamedCheck& candidate : kChecks) {
    if (candidate.name == name) return candidate.check;
  }
  std::fprintf(stderr, "there is no function called %s\n", name.c_str());
  std::exit(2);
}

}  // namespace

void PairTally::add(const PairTally& other) {
  n_arguments += other.n_arguments;
  n_undecided += other.n_undecided;
  n_mismatches += other.n_mismatches;
  n_beyond_bound += other.n_beyond_bound;
  worst_share_of_bound = std::max(worst_share_of_bound, other.worst_share_of_bound);
}

PairTally check_pairs(const std::string& name, uint64_t begin, uint64_t end, uint64_t stride,
                      const PairListener& listener) {
  const BlockCheck check = check_named(name);
  const auto block = std::make_unique<Block>();
  PairTally total;
  for (uint64_t bits = begin; bits < end;) {
    int64_t n = 0;
    for (; n < kBlock && bits < end; bits += stride) {
      block->x[n++] = kernels::float_from_bits(static_cast<uint32_t>(bits));
    }
    total.add(check(*block, n, listener));
  }
  return total;
}

}  // namespace reprotrain::oracle
