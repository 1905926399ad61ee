// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul/sliced_matmul.h"

#include <gtest/gtest.h>

#include <string_view>

#include "kernels/base/cpu_path.h"
#include "tests/kernels/matmul/sliced_definition.h"
#include "tests/support/adversarial_parallel.h"
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
  for (std::string_view kind : {"special", "cancel", "small", "subnormal", "huge", "wide"}) {
    for (int transposes = 0; transposes < 4; ++transposes) {
      const bool ta = (transposes & 1) != 0;
      const bool tb = (transposes & 2) != 0;
      expect_definition_on_all_paths({kind, 14, 19, 41, ta, tb, true}, 2, 1);
      expect_definition_on_all_paths({kind, 9, 1031, 18, ta, tb, false});
      expect_definition_on_all_paths({kind, 13, 1, 9, ta, tb, false});
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
