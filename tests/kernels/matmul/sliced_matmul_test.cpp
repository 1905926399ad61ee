// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul/sliced_matmul.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "kernels/base/cpu_path.h"
#include "tests/kernels/matmul/sliced_definition.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/known_answers.h"
#include "tests/support/product_operands.h"

namespace reprotrain::kernels {
namespace {

using testing::AdversarialParallel;
using testing::Bits;
using testing::ProductCase;
using testing::ProductOperands;

void expect_definition_on_all_paths(const ProductCase& product_case, int64_t gap = 0,
                                    int64_t shift = 0) {
  for (int n_digits : {2, 3}) {
    const ProductOperands reference(product_case);
    const Bits expected = testing::sliced_by_definition(reference.product, n_digits);
    for (const CpuPath path : available_cpu_paths()) {
      const CpuPathScope scope(path);
      ProductOperands operands(product_case, gap, shift);
      sliced_matmul(operands.product, n_digits, SerialParallel());
      ASSERT_EQ(operands.result(), expected)
          << name_of(product_case) << " digits " << n_digits << " path " << name_of(path);
    }
  }
}

TEST(SlicedMatmul, IsTheDefinitionAtEverySmallShapeAndTransposition) {
  for (int64_t m : {1, 3, 4, 5, 8, 9, 13}) {
    for (int64_t n : {1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65}) {
      for (int64_t k : {1, 2, 3, 4, 5, 17}) {
        for (int transposes = 0; transposes < 4; ++transposes) {
          expect_definition_on_all_paths(
              {"unit", m, k, n, (transposes & 1) != 0, (transposes & 2) != 0, (m + n) % 2 == 0},
              k % 3, k % 5);
        }
      }
    }
  }
}

TEST(SlicedMatmul, IsTheDefinitionWhereBlocksAlongKEnd) {
  for (int64_t k : {0, 63, 64, 65, 503, 504, 505, 506, 511, 512, 513, 1023, 1024, 1025, 2100}) {
    for (int transposes = 0; transposes < 4; ++transposes) {
      const bool ta = (transposes & 1) != 0;
      const bool tb = (transposes & 2) != 0;
      expect_definition_on_all_paths({"unit", 9, k, 11, ta, tb, false}, 3, 1);
      expect_definition_on_all_paths({"wide", 5, k, 35, ta, tb, true});
    }
  }
}

TEST(SlicedMatmul, IsTheDefinitionOnValuesAtTheEndsOfTheRange) {
  for (std::string_view kind : {"special", "cancel", "small", "subnormal", "huge", "wide", "rare",
                                "sparse", "carry", "extreme"}) {
    for (int transposes = 0; transposes < 4; ++transposes) {
      const bool ta = (transposes & 1) != 0;
      const bool tb = (transposes & 2) != 0;
      expect_definition_on_all_paths({kind, 14, 19, 41, ta, tb, true}, 2, 1);
      expect_definition_on_all_paths({kind, 9, 1031, 18, ta, tb, false});
      expect_definition_on_all_paths({kind, 13, 1, 9, ta, tb, false});
    }
  }
}

/// The product of the same operands, of which `n_terms` at a time are given.
Bits sum_of_parts(ProductOperands& operands, int n_digits, int64_t n_terms) {
  const MatrixProduct& product = operands.product;
  const auto part = [&](int64_t begin) {
    const int64_t n = std::min(n_terms, product.depth() - begin);
    return SlicedTerms{{product.a.row(begin), n, product.a.n_columns, product.a.row_stride},
                       {product.b.row(begin), n, product.b.n_columns, product.b.row_stride}};
  };
  SlicedSum sum(product.c.n_rows, product.c.n_columns, n_digits);
  for (int64_t begin = 0; begin < product.depth(); begin += n_terms) sum.measure(part(begin));
  for (int64_t begin = 0; begin < product.depth(); begin += n_terms) sum.add(part(begin));
  sum.finish(product.c);
  return operands.result();
}

TEST(SlicedSum, IsTheProductHoweverItsTermsAreCut) {
  for (std::string_view kind :
       {"unit", "special", "subnormal", "huge", "wide", "rare", "extreme"}) {
    for (const auto& [m, k, n] :
         {std::array<int64_t, 3>{1, 5, 1}, {64, 66, 17}, {9, 1031, 130}, {70, 13, 33}, {3, 0, 4}}) {
      const ProductCase product_case{kind, m, k, n, true, false, false};
      for (const int n_digits : {2, 3}) {
        const Bits expected =
            testing::sliced_by_definition(ProductOperands(product_case).product, n_digits);
        for (const CpuPath path : available_cpu_paths()) {
          const CpuPathScope scope(path);
          for (const int64_t n_terms : {1, 7, 64, 1000, 5000}) {
            ProductOperands operands(product_case, 2, 1);
            ASSERT_EQ(sum_of_parts(operands, n_digits, n_terms), expected)
                << name_of(product_case) << " digits " << n_digits << " path " << name_of(path)
                << " terms " << n_terms;
          }
        }
      }
    }
  }
}

/// A case of sliced_matmul.kat, without its answer.
ProductCase case_of(const testing::KnownAnswer& known) {
  const auto number = [&](size_t i) {
    return static_cast<int64_t>(testing::from_decimal(known.inputs[i]));
  };
  return {known.inputs[0], number(1),      number(2),     number(3),
          number(4) != 0,  number(5) != 0, number(6) != 0};
}

TEST(SlicedMatmul, IsTheDefinitionInEveryKnownAnswer) {
  for (const char* specification : {"int8x2", "int8x3"}) {
    const int n_digits = specification[5] - '0';
    for (const auto& known : testing::known_answers("sliced_matmul.kat", specification)) {
      ProductOperands operands(case_of(known));
      const Bits expected = testing::sliced_by_definition(operands.product, n_digits);
      EXPECT_EQ(testing::bit_patterns(known.outputs), expected) << known.line.substr(0, 60);
      sliced_matmul(operands.product, n_digits, SerialParallel());
      EXPECT_EQ(operands.result(), expected) << known.line.substr(0, 60);
    }
  }
}

TEST(SlicedMatmul, AnInfinityOrNanReachesItsRowOrColumnOnly) {
  constexpr int64_t kSize = 5, kDepth = 3;
  const ProductCase product_case{"unit", kSize, kDepth, kSize, false, false, true};
  for (const float intruder :
       {float_from_bits(0x7f800000), float_from_bits(0xff800000), float_from_bits(0x7fc00001)}) {
    for (int64_t place = 0; place < kSize * kDepth; ++place) {
      for (int n_digits : {2, 3}) {
        ProductOperands clean(product_case);
        sliced_matmul(clean.product, n_digits, SerialParallel());
        const Bits expected = clean.result();

        ProductOperands in_a(product_case);
        in_a.a.view()(place / kDepth, place % kDepth) = intruder;
        sliced_matmul(in_a.product, n_digits, SerialParallel());
        const Bits of_a = in_a.result();
        EXPECT_EQ(of_a, testing::sliced_by_definition(in_a.product, n_digits));

        ProductOperands in_b(product_case);
        in_b.b.view()(place / kSize, place % kSize) = intruder;
        sliced_matmul(in_b.product, n_digits, SerialParallel());
        const Bits of_b = in_b.result();
        EXPECT_EQ(of_b, testing::sliced_by_definition(in_b.product, n_digits));

        for (size_t i = 0; i < expected.size(); ++i) {
          const auto row = static_cast<int64_t>(i) / kSize;
          const auto column = static_cast<int64_t>(i) % kSize;
          EXPECT_EQ(of_a[i] == expected[i], row != place / kDepth);
          EXPECT_EQ(of_b[i] == expected[i], column != place % kSize);
        }
      }
    }
  }
}

TEST(SlicedMatmul, IsInvariantUnderHowTheWorkIsCut) {
  for (int transposes = 0; transposes < 4; ++transposes) {
    const ProductCase product_case{
        "wide", 70, 1030, 140, (transposes & 1) != 0, (transposes & 2) != 0, true};
    for (const CpuPath path : available_cpu_paths()) {
      const CpuPathScope scope(path);
      for (int n_digits : {2, 3}) {
        ProductOperands serial(product_case);
        sliced_matmul(serial.product, n_digits, SerialParallel());
        for (uint64_t seed = 0; seed < 2; ++seed) {
          ProductOperands cut(product_case);
          sliced_matmul(cut.product, n_digits, AdversarialParallel(seed));
          EXPECT_EQ(cut.result(), serial.result());
        }
      }
    }
  }
}

TEST(SlicedMatmul, EmptyResultsTouchNothing) {
  for (const ProductCase& product_case :
       {ProductCase{"unit", 0, 4, 5}, ProductCase{"unit", 4, 4, 0}, ProductCase{"unit", 0, 0, 0}}) {
    ProductOperands operands(product_case, 2, 1);
    sliced_matmul(operands.product, 2, SerialParallel());
    EXPECT_TRUE(operands.result().empty());
  }
}

}  // namespace
}  // namespace reprotrain::kernels
