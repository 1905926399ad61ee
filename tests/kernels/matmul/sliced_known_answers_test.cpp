// SPDX-License-Identifier: Apache-2.0
// Products of integer slices against tests/golden/sliced_matmul.kat, whose head tells the formats.
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "kernels/base/cpu_path.h"
#include "kernels/matmul/sliced_matmul.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/product_operands.h"

namespace reprotrain::kernels {
namespace {

using testing::Bits;
using testing::from_decimal;
using testing::KnownAnswer;
using testing::ProductCase;
using testing::ProductOperands;

class SlicedKnownAnswers : public ::testing::TestWithParam<int> {
 protected:
  int n_digits() const { return GetParam(); }
  std::vector<KnownAnswer> answers(const std::string& suffix) const {
    return testing::known_answers("sliced_matmul.kat",
                                  "int8x" + std::to_string(n_digits()) + suffix);
  }
};

int64_t number(const std::string& word) { return static_cast<int64_t>(from_decimal(word)); }

std::vector<float> floats(std::span<const std::string> words) {
  std::vector<float> values;
  for (const std::string& word : words) {
    values.push_back(float_from_bits(static_cast<uint32_t>(testing::from_hex(word))));
  }
  return values;
}

/// The product of plain row-major matrices on one path.
Bits product_bits(const std::vector<float>& a, const std::vector<float>& b, int64_t n_rows,
                  int64_t depth, int64_t n_columns, int n_digits) {
  std::vector<float> c(static_cast<size_t>(n_rows * n_columns), -7.0f);
  MatrixProduct product;
  product.a = {a.data(), n_rows, depth, depth};
  product.b = {b.data(), depth, n_columns, n_columns};
  product.c = {c.data(), n_rows, n_columns, n_columns};
  sliced_matmul(product, n_digits, SerialParallel());
  return testing::bit_patterns(c);
}

TEST_P(SlicedKnownAnswers, OfFamiliesOfValuesComeOutOnEveryPath) {
  for (const KnownAnswer& known : answers("")) {
    const auto& in = known.inputs;
    const ProductCase product_case{in[0],        number(in[1]), number(in[2]), number(in[3]),
                                   in[4] != "0", in[5] != "0",  in[6] != "0"};
    for (const CpuPath path : available_cpu_paths()) {
      const CpuPathScope scope(path);
      for (uint64_t seed = 0; seed < 3; ++seed) {
        ProductOperands operands(product_case);
        sliced_matmul(operands.product, n_digits(), testing::AdversarialParallel(seed));
        EXPECT_EQ(operands.result(), testing::bit_patterns(known.outputs))
            << known.line.substr(0, 60) << " path " << name_of(path);
      }
    }
  }
}

TEST_P(SlicedKnownAnswers, OfChosenWordsComeOutOnEveryPath) {
  for (const KnownAnswer& known : answers("_words")) {
    const int64_t m = number(known.inputs[0]);
    const int64_t k = number(known.inputs[1]);
    const int64_t n = number(known.inputs[2]);
    const std::vector<float> values = floats(std::span(known.inputs).subspan(3));
    const auto split = values.begin() + m * k;
    for (const CpuPath path : available_cpu_paths()) {
      const CpuPathScope scope(path);
      EXPECT_EQ(product_bits({values.begin(), split}, {split, values.end()}, m, k, n, n_digits()),
                testing::bit_patterns(known.outputs))
          << known.line.substr(0, 100) << " path " << name_of(path);
    }
  }
}

TEST_P(SlicedKnownAnswers, OfLongPeriodicVectorsComeOutOnEveryPath) {
  for (const KnownAnswer& known : answers("_periodic")) {
    const auto words = std::span(known.inputs);
    const size_t k = from_decimal(words[0]);
    const size_t n_a = from_decimal(words[1]);
    const std::vector<float> a_period = floats(words.subspan(2, n_a));
    const std::vector<float> b_period = floats(words.subspan(3 + n_a));
    std::vector<float> a, b;
    for (size_t i = 0; i < k; ++i) {
      a.push_back(a_period[i % a_period.size()]);
      b.push_back(b_period[i % b_period.size()]);
    }
    for (const CpuPath path : available_cpu_paths()) {
      const CpuPathScope scope(path);
      EXPECT_EQ(product_bits(a, b, 1, static_cast<int64_t>(k), 1, n_digits()),
                testing::bit_patterns(known.outputs))
          << known.line << " path " << name_of(path);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Digits, SlicedKnownAnswers, ::testing::Values(2, 3),
                         [](const auto& parameter) { return std::to_string(parameter.param); });

}  // namespace
}  // namespace reprotrain::kernels
