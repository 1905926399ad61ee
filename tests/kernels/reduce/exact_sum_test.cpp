// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/exact_sum.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "kernels/base/cpu_path.h"
#include "kernels/conformance/test_values.h"
#include "kernels/random/shuffle.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/exact_limbs.h"
#include "tests/support/known_answers.h"

namespace reprotrain::kernels {
namespace {

using testing::AdversarialParallel;
using testing::from_decimal;
using testing::from_hex;
using testing::known_answers;
using testing::limbs_of;

constexpr float kInf = std::numeric_limits<float>::infinity();

std::vector<float> floats_from(const std::vector<std::string>& words) {
  std::vector<float> values;
  for (const std::string& word : words) {
    values.push_back(float_from_bits(static_cast<uint32_t>(from_hex(word))));
  }
  return values;
}

std::vector<float> generated_from(const std::vector<std::string>& in) {
  return generated_floats(from_decimal(in[0]), static_cast<uint32_t>(from_decimal(in[1])),
                          static_cast<uint32_t>(from_decimal(in[2])), from_decimal(in[3]));
}

template <typename Sum>
void expect_sum(const Sum& sum, const std::string& f32, const std::string& f64) {
  EXPECT_EQ(bits_of(sum.to_float()), from_hex(f32));
  EXPECT_EQ(bits_of(sum.to_double()), from_hex(f64));
}

void expect_terms(const std::vector<float>& terms, const std::vector<std::string>& out) {
  ExactSum one_by_one, in_tiles, squares_one_by_one, squares_in_tiles;
  ExactSum64 wide;
  for (const float x : terms) {
    one_by_one.add(x);
    wide.add(x);
    squares_one_by_one.add_product(x, x);
  }
  add_terms(terms, in_tiles);
  add_squares(terms, squares_in_tiles);
  expect_sum(one_by_one, out[0], out[1]);
  expect_sum(in_tiles, out[0], out[1]);
  expect_sum(wide, out[0], out[1]);
  expect_sum(squares_one_by_one, out[2], out[3]);
  expect_sum(squares_in_tiles, out[2], out[3]);
}

TEST(ExactSum, GivesTheOraclesSumsOfTermsAndSquares) {
  for (const auto& known : known_answers("exact_sum.kat", "terms")) {
    SCOPED_TRACE(known.line);
    for (const CpuPath path : available_cpu_paths()) {
      const CpuPathScope scope(path);
      expect_terms(floats_from(known.inputs), known.outputs);
    }
  }
}

TEST(ExactSum, GivesTheOraclesSumsOfLongSpans) {
  for (const auto& known : known_answers("exact_sum.kat", "generated")) {
    SCOPED_TRACE(known.line);
    for (const CpuPath path : available_cpu_paths()) {
      const CpuPathScope scope(path);
      expect_terms(generated_from(known.inputs), known.outputs);
    }
  }
}

TEST(ExactNorm, GivesTheOraclesNorms) {
  for (const auto& known : known_answers("exact_sum.kat", "norm")) {
    SCOPED_TRACE(known.line);
    EXPECT_EQ(bits_of(exact_norm(floats_from(known.inputs), SerialParallel())),
              from_hex(known.outputs[0]));
  }
}

TEST(ExactSum, GivesTheOraclesSumsOfProducts) {
  for (const auto& known : known_answers("exact_sum.kat", "products")) {
    SCOPED_TRACE(known.line);
    const std::vector<float> pairs = floats_from(known.inputs);
    ExactSum sum;
    for (size_t i = 0; i < pairs.size(); i += 2) sum.add_product(pairs[i], pairs[i + 1]);
    expect_sum(sum, known.outputs[0], known.outputs[1]);
  }
}

TEST(ExactSum, GivesTheOraclesSumsOfDoubles) {
  for (const auto& known : known_answers("exact_sum.kat", "doubles")) {
    SCOPED_TRACE(known.line);
    std::vector<double> terms;
    for (const std::string& word : known.inputs) terms.push_back(double_from_bits(from_hex(word)));
    ExactSum64 sum;
    for (const double x : terms) sum.add(x);
    expect_sum(sum, known.outputs[0], known.outputs[1]);
    EXPECT_EQ(bits_of(exact_sum(std::span<const double>(terms), SerialParallel())),
              from_hex(known.outputs[1]));
  }
}

TEST(ExactSum, KeepsWhatCancellationWouldLose) {
  ExactSum sum;
  for (const float x : {0x1p127f, 1.0f, -0x1p127f, 0x1p-149f}) sum.add(x);
  EXPECT_EQ(sum.to_float(), 1.0f);
  sum.add(-1.0f);
  EXPECT_EQ(sum.to_float(), 0x1p-149f);
  EXPECT_EQ(sum.to_double(), 0x1p-149);
  sum.add(-0x1p-149f);
  EXPECT_EQ(bits_of(sum.to_float()), 0u) << "exact zero is +0";
}

TEST(ExactSum, ATinySumThatRoundsToZeroKeepsItsSign) {
  ExactSum sum;
  sum.add_product(0x1p-149f, -0x1p-149f);
  EXPECT_EQ(bits_of(sum.to_float()), 0x80000000u);
  EXPECT_EQ(sum.to_double(), -0x1p-298);
}

TEST(ExactSum, IsTheSameInEveryOrder) {
  const std::vector<float> terms = generated_floats(5, 0, 255, 2000);
  ExactSum reference;
  for (const float x : terms) reference.add(x);
  for (uint32_t step = 0; step < 10; ++step) {
    std::vector<int64_t> order(terms.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
    shuffle_indices({1, 0, step}, order);
    ExactSum sum;
    for (const int64_t i : order) sum.add(terms[static_cast<size_t>(i)]);
    EXPECT_EQ(bits_of(sum.to_double()), bits_of(reference.to_double()));
  }
}

TEST(ExactSum, IsTheSameForEveryTreeOfMerges) {
  const std::vector<float> terms = generated_floats(6, 0, 255, 500);
  ExactSum reference;
  for (const float x : terms) reference.add(x);
  for (uint32_t round = 0; round < 10; ++round) {
    std::vector<ExactSum> forest(terms.size());
    for (size_t i = 0; i < terms.size(); ++i) forest[i].add(terms[i]);
    for (uint64_t draw = 0; forest.size() > 1; ++draw) {
      const uint64_t key = random_key({2, 0, round}, draw);
      const size_t from = key % forest.size();
      const size_t into = (from + 1 + (key >> 32) % (forest.size() - 1)) % forest.size();
      forest[into].merge(forest[from]);
      forest.erase(forest.begin() + static_cast<std::ptrdiff_t>(from));
    }
    EXPECT_EQ(bits_of(forest[0].to_double()), bits_of(reference.to_double()));
  }
}

TEST(ExactSum, DoublesItselfFortyTimesWithoutOverflow) {
  // 2^40 terms of the largest magnitude, by merging.
  for (const float largest : {0x1.fffffep127f, -0x1.fffffep127f}) {
    ExactSum sum, squares;
    sum.add(largest);
    squares.add_product(largest, largest);
    for (int i = 0; i < 40; ++i) {
      sum.merge(ExactSum(sum));
      squares.merge(ExactSum(squares));
    }
    EXPECT_EQ(sum.to_double(), static_cast<double>(largest) * 0x1p40);
    EXPECT_EQ(sum.to_float(), largest > 0.0f ? kInf : -kInf);
    EXPECT_EQ(squares.to_double(), 0x1.fffffep127 * 0x1.fffffep127 * 0x1p40);
  }
}

TEST(ExactSum, CarriesInTheMiddleOfASumChangeNothing) {
  for (const uint32_t n_fields : {1u, 20u, 255u}) {
    const std::vector<float> terms = generated_floats(n_fields, 0, n_fields, 1000);
    ExactSum rarely;
    BasicExactSum<-298, 256, 3> often;  // carries after every other addition
    for (const float x : terms) {
      rarely.add_product(x, -1.5f);
      often.add_product(x, -1.5f);
    }
    EXPECT_EQ(bits_of(often.to_double()), bits_of(rarely.to_double()));
  }
}

TEST(ExactSum, SpecialValuesFollowTheirRules) {
  const auto sum_bits = [](std::vector<float> terms) {
    return bits_of(exact_sum(std::span<const float>(terms), SerialParallel()));
  };
  const float nan = float_from_bits(0xffc12345u);
  EXPECT_EQ(sum_bits({1.0f, kInf}), 0x7ff0000000000000ull);
  EXPECT_EQ(sum_bits({-kInf, 0x1.fffffep127f}), 0xfff0000000000000ull);
  EXPECT_EQ(sum_bits({kInf, -kInf}), 0x7ff8000000000000ull);
  EXPECT_EQ(sum_bits({nan, kInf}), 0x7ff8000000000000ull);
  EXPECT_EQ(sum_bits({}), 0u);
  EXPECT_EQ(sum_bits({-0.0f, -0.0f}), 0u);
}

TEST(ExactSumOfSpan, SpecialValuesFollowTheirRulesInEveryPosition) {
  const float nan = float_from_bits(0xff812345u);
  for (size_t place = 0; place < 1100; place = place < 40 ? place + 1 : place + 97) {
    for (const float special : {kInf, -kInf, nan}) {
      std::vector<float> terms(1100, 0x1p60f);  // more than go one by one
      terms[(place + 7) % terms.size()] = 0x1p-149f;
      terms[place] = special;
      for (const CpuPath path : available_cpu_paths()) {
        const CpuPathScope scope(path);
        EXPECT_EQ(bits_of(exact_sum(std::span<const float>(terms), SerialParallel())),
                  bits_of(canonical(static_cast<double>(special))));
        EXPECT_EQ(bits_of(exact_norm(terms, SerialParallel())),
                  is_nan(special) ? 0x7ff8000000000000ull : 0x7ff0000000000000ull);
      }
    }
  }
}

TEST(ExactSumOfSpan, TakesMoreThanTwoToThePowerOf31Terms) {
  // Memory that nobody writes to takes no memory.
  constexpr size_t kTerms = (size_t{1} << 31) + 9;
  void* const mapping = mmap(nullptr, kTerms * sizeof(float), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) GTEST_SKIP() << "no 8 GiB of addresses";
  float* const terms = static_cast<float*>(mapping);
  terms[0] = 0x1p127f;
  terms[kTerms / 2] = 3.0f;
  terms[(size_t{1} << 31) - 1] = -0x1p127f;
  terms[kTerms - 1] = 0x1p-149f;
  EXPECT_EQ(exact_sum(std::span<const float>(terms, kTerms), SerialParallel()), 3.0);
  munmap(mapping, kTerms * sizeof(float));
}

struct Spread {
  uint32_t lowest_field, n_fields;
};

TEST(ExactSumOfSpan, IsInvariantUnderCutsThreadsAndMisalignmentAtEverySize) {
  const Spread spreads[] = {{120, 10}, {100, 40}, {60, 100}, {0, 255}};
  for (const size_t n : std::initializer_list<size_t>{0, 1, 7, 8, 9, 31, 32, 33, 255, 256, 257,
                                                      1023, 1025, 4095, 4097, 65537}) {
    for (const Spread spread : spreads) {
      // Infinities all around: a term read from outside the span would show.
      std::vector<float> arena(n + 7, kInf);
      const std::vector<float> terms =
          generated_floats(n + 1, spread.lowest_field, spread.n_fields, n);
      ExactSum sum, squares;
      for (const float x : terms) {
        sum.add(x);
        squares.add_product(x, x);
      }
      for (const size_t shift : {size_t{0}, size_t{3}}) {
        std::fill(arena.begin(), arena.end(), kInf);
        std::copy(terms.begin(), terms.end(), arena.begin() + static_cast<std::ptrdiff_t>(shift));
        const std::span<const float> span(arena.data() + shift, n);
        for (const CpuPath path : available_cpu_paths()) {
          const CpuPathScope scope(path);
          for (uint64_t seed = 0; seed < 3; ++seed) {
            const AdversarialParallel parallel(seed);
            EXPECT_EQ(bits_of(exact_sum(span, parallel)), bits_of(sum.to_double()));
            EXPECT_EQ(bits_of(exact_sum_of_squares(span, parallel)), bits_of(squares.to_double()));
          }
          ExactSum in_tiles, squares_in_tiles;
          add_terms(span, in_tiles);
          add_squares(span, squares_in_tiles);
          EXPECT_EQ(limbs_of(in_tiles), limbs_of(sum));
          EXPECT_EQ(limbs_of(squares_in_tiles), limbs_of(squares));
          EXPECT_EQ(bits_of(exact_norm(span, SerialParallel())), bits_of(norm_of(squares)));
        }
      }
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
