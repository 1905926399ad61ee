// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/layer_norm.h"

#include <gtest/gtest.h>

#include "kernels/conformance/test_values.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/guarded_matrix.h"

namespace reprotrain::kernels {
namespace {

using testing::bit_patterns;
using testing::GuardedMatrix;

/// Forward and backward of one batch: y, input gradient, scale gradient, shift gradient.
std::vector<float> both_passes(std::string_view kind, int64_t n_rows, int64_t n,
                               const Parallel& parallel, int64_t gap = 0, int64_t shift = 0) {
  GuardedMatrix x(n_rows, n, gap, shift), normal(n_rows, n, gap, shift), y(n_rows, n, gap, shift);
  GuardedMatrix gradient(n_rows, n, gap, shift), terms(n_rows, n, gap, shift);
  x.fill(kind, 0);
  gradient.fill(kind, uint64_t{1} << 22);
  std::vector<float> scale, offset, inverse(static_cast<size_t>(n_rows));
  for (uint64_t j = 0; j < static_cast<uint64_t>(n); ++j) {
    scale.push_back(element("unit", (uint64_t{1} << 20) + j));
    offset.push_back(element("unit", (uint64_t{1} << 21) + j));
  }
  std::vector<float> scale_gradient(scale.size()), shift_gradient(scale.size());
  layer_norm_forward({x.view(), scale, offset, normal.view(), inverse, y.view()}, parallel);
  layer_norm_backward({normal.view(), inverse, scale, gradient.view(), terms.view(), scale_gradient,
                       shift_gradient},
                      parallel);
  for (GuardedMatrix* m : {&x, &normal, &y, &gradient, &terms}) EXPECT_TRUE(m->guards_are_whole());

  std::vector<float> results;
  for (GuardedMatrix* m : {&y, &gradient}) {
    for (int64_t row = 0; row < n_rows; ++row) {
      results.insert(results.end(), m->view().row(row), m->view().row(row) + n);
    }
  }
  results.insert(results.end(), scale_gradient.begin(), scale_gradient.end());
  results.insert(results.end(), shift_gradient.begin(), shift_gradient.end());
  return results;
}

void expect_known_passes(const testing::KnownAnswer& known, std::string_view kind, size_t shape) {
  const auto n_rows = static_cast<int64_t>(testing::from_decimal(known.inputs[shape]));
  const auto n = static_cast<int64_t>(testing::from_decimal(known.inputs[shape + 1]));
  EXPECT_EQ(bit_patterns(both_passes(kind, n_rows, n, SerialParallel())),
            bit_patterns(known.outputs))
      << known.line.substr(0, 60);
}

TEST(LayerNorm, GivesTheOraclesBits) {
  for (const auto& known : testing::known_answers("training.kat", "layer_norm")) {
    expect_known_passes(known, "unit", 0);
  }
}

TEST(LayerNorm, GivesTheOraclesBitsOfEveryFamilyOfValues) {
  for (const auto& known : testing::known_answers("training.kat", "layer_norm_of")) {
    expect_known_passes(known, known.inputs[0], 1);
  }
}

TEST(LayerNorm, IsInvariantUnderStridesAndCuts) {
  for (std::string_view kind : {"unit", "wide", "special"}) {
    for (int64_t n : {1, 31, 32, 33, 255, 257, 1025}) {
      const auto expected = bit_patterns(both_passes(kind, 9, n, SerialParallel()));
      for (uint64_t seed = 0; seed < 3; ++seed) {
        EXPECT_EQ(bit_patterns(both_passes(kind, 9, n, testing::AdversarialParallel(seed), 5, 3)),
                  expected)
            << kind << " " << n;
      }
    }
  }
}

TEST(LayerNorm, NoRowsGiveZeroParameterGradients) {
  const std::vector<float> results = both_passes("unit", 0, 3, SerialParallel());
  EXPECT_EQ(bit_patterns(results), testing::Bits(6, 0u));
}

}  // namespace
}  // namespace reprotrain::kernels
