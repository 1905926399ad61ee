// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/rounding_check.h"

#include <cassert>
#include <cmath>
#include <vector>

#include "kernels/base/float_bits.h"

namespace reprotrain::oracle {
namespace {

using kernels::bits_of;

constexpr int64_t kBlock = 4096;

/// True where the library is sure of f(x), whose bits it then writes.
bool library_is_sure(const Function& function, float x, uint32_t& expected) {
  double sizes_added = 0.0;
  const double value = function.approximate(static_cast<double>(x), sizes_added);
  const double margin = std::isfinite(value) ? std::fabs(sizes_added) * 0x1p-40 : 0.0;
  const float low = static_cast<float>(value - margin);
  const float high = static_cast<float>(value + margin);
  expected = bits_of(kernels::canonical(low));
  return low == high || std::isnan(value);
}

}  // namespace

Tally check_arguments(const Function& function, Filter filter, const float* x, int64_t n,
                      const Listener& listener) {
  assert(n <= kBlock);
  float from_array[kBlock];
  function.array(x, from_array, n);
  Tally tally;
  tally.n_arguments = static_cast<uint64_t>(n);
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t ours = bits_of(function.rounded(x[i]));
    if (bits_of(from_array[i]) != ours) {
      ++tally.n_mismatches;
      listener(x[i], bits_of(from_array[i]), {ours, 0.0});
    }
    uint32_t expected = 0;
    if (filter == Filter::kLibrary && library_is_sure(function, x[i], expected) &&
        expected == ours) {
      continue;
    }
    const Verdict truth = function.oracle(x[i]);
    ++tally.n_put_to_mpfr;
    tally.n_mismatches += truth.bits != ours ? 1 : 0;
    listener(x[i], ours, truth);
  }
  return tally;
}

Tally check_bits(const Function& function, Filter filter, uint64_t begin, uint64_t end,
                 uint64_t stride, const Listener& listener) {
  Tally total;
  std::vector<float> x;
  x.reserve(kBlock);
  for (uint64_t bits = begin; bits < end; bits += stride) {
    x.push_back(kernels::float_from_bits(static_cast<uint32_t>(bits)));
    if (static_cast<int64_t>(x.size()) < kBlock && bits + stride < end) continue;
    const Tally block =
        check_arguments(function, filter, x.data(), static_cast<int64_t>(x.size()), listener);
    total.n_arguments += block.n_arguments;
    total.n_mismatches += block.n_mismatches;
    total.n_put_to_mpfr += block.n_put_to_mpfr;
    x.clear();
  }
  return total;
}

}  // namespace reprotrain::oracle
