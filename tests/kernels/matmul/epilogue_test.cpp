// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul/epilogue.h"

#include <gtest/gtest.h>

#include "kernels/base/cpu_path.h"
#include "kernels/matmul/epilogue_rows.h"
#include "kernels/matmul/matmul.h"
#include "tests/kernels/matmul/epilogue_cases.h"
#include "tests/support/adversarial_parallel.h"

namespace reprotrain::kernels {
namespace {

using testing::AdversarialParallel;
using testing::Bits;
using testing::EpilogueCase;
using testing::EpilogueOperands;
using testing::every_epilogue;
using testing::ProductCase;
using testing::ProductOperands;

class FusedProduct : public ::testing::TestWithParam<MatmulSpecification> {
 protected:
  void expect_passes(const ProductCase& product_case, const Parallel& parallel, int64_t gap = 0,
                     int64_t shift = 0) {
    ProductOperands plain(product_case, gap, shift);
    multiply(GetParam(), plain.product, SerialParallel());
    const Bits product = plain.result();
    for (const EpilogueCase& asked : every_epilogue()) {
      SCOPED_TRACE(name_of(product_case) + " " + name_of(asked));
      EpilogueOperands end(asked, product_case.n_rows, product_case.n_columns, gap, shift);
      ProductOperands fused(product_case, gap, shift);
      fused.product.epilogue = end.epilogue();
      multiply(GetParam(), fused.product, parallel);
      ASSERT_EQ(fused.result(), end.expected(product));
      ASSERT_TRUE(end.kept.guards_are_whole() && end.of.guards_are_whole());
      if (asked.keeps_input) {
        ASSERT_EQ(testing::bits_of_matrix(end.kept.view()), product);
      }
    }
  }
};

TEST_P(FusedProduct, HasTheBitsOfPassesAtEveryShapeAndPath) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    SCOPED_TRACE(name_of(path));
    int transposes = 0;
    for (const int64_t m : {0, 1, 7, 33}) {
      for (const int64_t n : {0, 1, 17, 65}) {
        for (const int64_t k : {0, 1, 20}) {
          const int t = transposes++;
          expect_passes({"special", m, k, n, (t & 1) != 0, (t & 2) != 0, (t & 4) != 0},
                        SerialParallel(), t % 3, t % 2);
        }
      }
    }
  }
}

TEST_P(FusedProduct, HasTheBitsOfPassesWhereChainsAndBlocksEndOnEveryPath) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    SCOPED_TRACE(name_of(path));
    for (int t = 0; t < 4; ++t) {
      const bool ta = (t & 1) != 0, tb = (t & 2) != 0;
      expect_passes({"unit", 9, 1025, 35, ta, tb, true}, SerialParallel(), 1, 1);
      expect_passes({"unit", 300, 5, 140, ta, tb, true}, SerialParallel());
      expect_passes({"unit", 5, 3, 2100, ta, tb, false}, SerialParallel());
    }
  }
}

/// Products that are computed as their transpositions, in several slices of K and blocks of C.
TEST_P(FusedProduct, HasTheBitsOfPassesWhereTurnedProductsAreCut) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    SCOPED_TRACE(name_of(path));
    expect_passes({"unit", 300, 2000, 10, false, false, true}, SerialParallel());
    expect_passes({"unit", 4000, 700, 12, false, true, true}, SerialParallel(), 1, 1);
  }
}

TEST_P(FusedProduct, IsInvariantUnderHowTheWorkIsCut) {
  for (uint64_t seed = 0; seed < 4; ++seed) {
    expect_passes({"wide", 150, 80, 270, (seed & 1) != 0, (seed & 2) != 0, true},
                  AdversarialParallel(seed));
  }
}

INSTANTIATE_TEST_SUITE_P(Definitions, FusedProduct,
                         ::testing::Values(MatmulSpecification::kFma32,
                                           MatmulSpecification::kInt8x2,
                                           MatmulSpecification::kInt8x3),
                         [](const auto& parameter) {
                           return std::string(name_of(parameter.param));
                         });

TEST(Epilogue, AsAPassOfItsOwnHasTheSameBits) {
  for (const EpilogueCase& asked : every_epilogue()) {
    for (const auto& [m, n] : {std::pair<int64_t, int64_t>{0, 3}, {3, 0}, {1, 1}, {70, 1033}}) {
      SCOPED_TRACE(name_of(asked));
      for (const int64_t gap : {0, 3}) {
        EpilogueOperands end(asked, m, n, gap, 1);
        testing::GuardedMatrix c(m, n, gap, 0);
        c.fill("special", 7);
        const Bits before = testing::bits_of_matrix(c.view());
        finish_matrix(end.epilogue(), c.view(), AdversarialParallel(3));
        EXPECT_EQ(testing::bits_of_matrix(c.view()), end.expected(before));
        EXPECT_TRUE(c.guards_are_whole() && end.kept.guards_are_whole());
      }
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
