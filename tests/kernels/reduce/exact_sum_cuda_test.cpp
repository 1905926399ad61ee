// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/exact_sum_cuda.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "kernels/conformance/device_array.h"
#include "kernels/conformance/test_values.h"
#include "kernels/reduce/exact_sum.h"
#include "tests/support/cuda_schedules.h"
#include "tests/support/exact_limbs.h"
#include "tests/support/known_answers.h"

namespace reprotrain::kernels {
namespace {

using testing::for_each_schedule;
using testing::from_decimal;
using testing::from_hex;
using testing::known_answers;
using testing::limbs_of;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr SumMethod kMethods[] = {SumMethod::kByDevice, SumMethod::kWindows, SumMethod::kLimbs};

/// Sum and sum of squares of one array, in as many calls as `cuts` says.
struct DeviceSums {
  float f32;
  double f64, squares, norm;
  ExactSum exact_sum, exact_squares;
};

DeviceSums device_sums(const std::vector<float>& terms, size_t offset, SumMethod method,
                       int64_t n_calls = 1) {
  const DeviceArray<float> input(terms, offset);
  DeviceArray<ExactSumAccumulator> sums(2);
  DeviceArray<float> f32(2);
  DeviceArray<double> f64(2), norms(2);
  clear_sums_cuda(sums.data(), 2, nullptr);
  for (int64_t call = 0; call < n_calls; ++call) {
    const int64_t begin = input.size() * call / n_calls;
    const int64_t end = input.size() * (call + 1) / n_calls;
    add_terms_cuda(input.data() + begin, end - begin, sums.data(), nullptr, method);
    add_squares_cuda(input.data() + begin, end - begin, sums.data() + 1, nullptr, method);
  }
  round_sums_cuda(sums.data(), 2, f32.data(), nullptr);
  round_sums_cuda(sums.data(), 2, f64.data(), nullptr);
  round_norms_cuda(sums.data(), 2, norms.data(), nullptr);
  const std::vector<ExactSumAccumulator> totals = sums.values();
  return {f32.values()[0],   f64.values()[0], f64.values()[1],
          norms.values()[1], totals[0].sum(), totals[1].sum()};
}

void expect_definition(const std::vector<float>& terms, size_t offset, SumMethod method,
                       int64_t n_calls = 1) {
  ExactSum sum, squares;
  for (const float x : terms) {
    sum.add(x);
    squares.add_product(x, x);
  }
  const DeviceSums of_device = device_sums(terms, offset, method, n_calls);
  EXPECT_EQ(limbs_of(of_device.exact_sum), limbs_of(sum)) << terms.size();
  EXPECT_EQ(limbs_of(of_device.exact_squares), limbs_of(squares)) << terms.size();
  EXPECT_EQ(bits_of(of_device.f32), bits_of(sum.to_float())) << terms.size();
  EXPECT_EQ(bits_of(of_device.f64), bits_of(sum.to_double())) << terms.size();
  EXPECT_EQ(bits_of(of_device.squares), bits_of(squares.to_double())) << terms.size();
  EXPECT_EQ(bits_of(of_device.norm), bits_of(norm_of(squares))) << terms.size();
}

TEST(ExactSumCuda, GivesTheOraclesSums) {
  for (const auto& known : known_answers("exact_sum.kat", "terms")) {
    SCOPED_TRACE(known.line);
    std::vector<float> terms;
    for (const auto& word : known.inputs) {
      terms.push_back(float_from_bits(static_cast<uint32_t>(from_hex(word))));
    }
    for (const SumMethod method : {SumMethod::kWindows, SumMethod::kLimbs}) {
      const DeviceSums sums = device_sums(terms, 0, method);
      EXPECT_EQ(bits_of(sums.f32), from_hex(known.outputs[0]));
      EXPECT_EQ(bits_of(sums.f64), from_hex(known.outputs[1]));
      EXPECT_EQ(bits_of(sums.squares), from_hex(known.outputs[3]));
    }
  }
}

TEST(ExactSumCuda, GivesTheOraclesSumsOfDoubles) {
  for (const auto& known : known_answers("exact_sum.kat", "doubles")) {
    SCOPED_TRACE(known.line);
    std::vector<double> terms;
    for (const auto& word : known.inputs) terms.push_back(double_from_bits(from_hex(word)));
    for (const SumMethod method : kMethods) {
      const DeviceArray<double> input(terms);
      DeviceArray<ExactSum64Accumulator> sum(1);
      DeviceArray<double> result(1);
      clear_sums_cuda(sum.data(), 1, nullptr);
      add_terms_cuda(input.data(), input.size(), sum.data(), nullptr, method);
      round_sums_cuda(sum.data(), 1, result.data(), nullptr);
      EXPECT_EQ(bits_of(result.values()[0]), from_hex(known.outputs[1]));
    }
  }
}

struct Spread {
  uint32_t lowest_field, n_fields;
};
constexpr Spread kSpreads[] = {{120, 10}, {0, 1}, {100, 29}, {60, 100}, {0, 255}, {250, 5}};

TEST(ExactSumCuda, IsExactAtEverySizeAlignmentAndRange) {
  for (const size_t n : {0, 1, 31, 32, 33, 255, 256, 257, 1023, 1025}) {
    for (const Spread spread : kSpreads) {
      const auto terms = generated_floats(n + 1, spread.lowest_field, spread.n_fields, n);
      for_each_schedule([&] {
        expect_definition(terms, n % 2 == 0 ? 0 : 3, SumMethod::kWindows);
        expect_definition(terms, n % 2 == 0 ? 1 : 0, SumMethod::kLimbs);
      });
    }
  }
}

TEST(ExactSumCuda, IsExactWhereThreadsTakeManyBatches) {
  for (const Spread spread : {Spread{120, 10}, Spread{0, 255}}) {
    const auto terms = generated_floats(7, spread.lowest_field, spread.n_fields, 65537);
    for_each_schedule(2, [&] {
      expect_definition(terms, 0, SumMethod::kWindows, 3);
      expect_definition(terms, 1, SumMethod::kLimbs, 2);
    });
  }
}

TEST(ExactSumCuda, HasNoLimitsOnDoubles) {
  for (const uint64_t n_fields : {1u, 40u, 51u, 60u, 2046u}) {
    std::vector<double> terms;
    for (uint64_t i = 0; i < 1025; ++i) {
      const uint64_t key = random_key({9, 0, 0}, i);
      const uint64_t field = (2046 - n_fields) / 2 + (key >> 52 & 0x7ff) % n_fields;
      terms.push_back(double_from_bits((key & 0x800fffffffffffffull) | field << 52));
    }
    ExactSum64 sum;
    for (const double x : terms) sum.add(x);
    for_each_schedule([&] {
      for (const SumMethod method : {SumMethod::kWindows, SumMethod::kLimbs}) {
        const DeviceArray<double> input(terms, method == SumMethod::kWindows ? 0 : 1);
        DeviceArray<ExactSum64Accumulator> total(1);
        DeviceArray<double> result(1);
        clear_sums_cuda(total.data(), 1, nullptr);
        add_terms_cuda(input.data(), input.size(), total.data(), nullptr, method);
        round_sums_cuda(total.data(), 1, result.data(), nullptr);
        EXPECT_EQ(limbs_of(total.values()[0].sum()), limbs_of(sum)) << n_fields;
        EXPECT_EQ(bits_of(result.values()[0]), bits_of(sum.to_double())) << n_fields;
      }
    });
  }
}

TEST(ExactSumCuda, WindowsFollowDataThatWander) {
  // Each thread's batches climb through all binades and down again, cancelling.
  std::vector<float> terms;
  for (size_t i = 0; i < 40000; ++i) {
    const auto field = static_cast<uint32_t>(i / 80 % 500);
    const uint32_t climbed = field < 250 ? field : 499 - field;
    const uint32_t sign = field < 250 ? 0u : 0x80000000u;
    terms.push_back(float_from_bits(sign | climbed << 23 | static_cast<uint32_t>(i % 80)));
  }
  for_each_schedule(2, [&] {
    expect_definition(terms, 0, SumMethod::kWindows);
    expect_definition(terms, 0, SumMethod::kLimbs);
  });
}

TEST(ExactSumCuda, KeepsWhatCancellationWouldLose) {
  for (const SumMethod method : kMethods) {
    const std::vector<float> terms = {0x1p127f, 1.0f, -0x1p127f, 0x1p-149f};
    EXPECT_EQ(device_sums(terms, 0, method).f64, 1.0);
    std::vector<float> apart(5000, 0.0f);  // the terms in different blocks
    for (size_t i = 0; i < terms.size(); ++i) apart[i * 1600] = terms[i];
    expect_definition(apart, 0, method);
  }
}

TEST(ExactSumCuda, SpecialValuesFollowTheirRulesInEveryPosition) {
  const float nan = float_from_bits(0xff812345u);
  for (size_t place = 0; place < 37; ++place) {
    for (const float special : {kInf, -kInf, nan, 0x1.fffffep127f}) {
      std::vector<float> terms(37, 1.0f);
      terms[place] = special;
      expect_definition(terms, 0, SumMethod::kWindows);
      terms[(place + 11) % 37] = kInf;
      expect_definition(terms, 1, SumMethod::kLimbs);
    }
  }
}

TEST(ExactSumCuda, AccumulatorsMerge) {
  const auto terms = generated_floats(3, 0, 255, 2000);
  ExactSum sum;
  for (const float x : terms) sum.add(x);
  for_each_schedule([&] {
    const DeviceArray<float> input(terms);
    DeviceArray<ExactSumAccumulator> sums(2);
    DeviceArray<double> result(1);
    clear_sums_cuda(sums.data(), 2, nullptr);
    add_terms_cuda(input.data(), 700, sums.data(), nullptr);
    add_terms_cuda(input.data() + 700, 1300, sums.data() + 1, nullptr);
    merge_sums_cuda(sums.data() + 1, sums.data(), 1, nullptr);
    round_sums_cuda(sums.data(), 1, result.data(), nullptr);
    EXPECT_EQ(bits_of(result.values()[0]), bits_of(sum.to_double()));
  });
}

}  // namespace
}  // namespace reprotrain::kernels
