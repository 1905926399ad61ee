// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul/ordered_matmul.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/cpu_path.h"
#include "kernels/base/float_bits.h"
#include "tests/kernels/matmul/ordered_definition.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/known_answers.h"
#include "tests/support/product_operands.h"

namespace reprotrain::kernels {
namespace {

using testing::AdversarialParallel;
using testing::Bits;
using testing::name_of;
using testing::ordered_by_definition;
using testing::ProductCase;
using Operands = testing::ProductOperands;

void expect_definition_on_all_paths(const ProductCase& product_case, int64_t gap, int64_t shift) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    Operands operands(product_case, gap, shift);
    ordered_matmul(operands.product, SerialParallel());
    ASSERT_EQ(operands.result(), ordered_by_definition(operands.product))
        << name_of(product_case) << " gap " << gap << " path " << name_of(path);
  }
}

TEST(OrderedMatmul, GivesTheOraclesBitsOnEveryPath) {
  for (const auto& known : testing::known_answers("matmul.kat", "product")) {
    SCOPED_TRACE(known.line.substr(0, 60));
    const auto number = [&](size_t i) {
      return static_cast<int64_t>(testing::from_decimal(known.inputs[i]));
    };
    const ProductCase product_case{known.inputs[0], number(1),      number(2),     number(3),
                                   number(4) != 0,  number(5) != 0, number(6) != 0};
    Bits expected;
    for (const std::string& word : known.outputs) {
      expected.push_back(static_cast<uint32_t>(testing::from_hex(word)));
    }
    for (const CpuPath path : available_cpu_paths()) {
      const CpuPathScope scope(path);
      Operands operands(product_case);
      ordered_matmul(operands.product, SerialParallel());
      EXPECT_EQ(operands.result(), expected) << name_of(path);
    }
  }
}

TEST(OrderedMatmul, IsTheDefinitionAtEverySmallShapeAndTransposition) {
  for (int64_t m : {1, 2, 5, 6, 7, 12, 13, 25}) {
    for (int64_t n : {1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65}) {
      for (int64_t k : {1, 2, 8, 17}) {
        for (int transposes = 0; transposes < 4; ++transposes) {
          expect_definition_on_all_paths(
              {"unit", m, k, n, (transposes & 1) != 0, (transposes & 2) != 0, (m + n) % 2 == 0},
              k % 3, k % 5);
        }
      }
    }
  }
}

TEST(OrderedMatmul, IsTheDefinitionWhereChainsEndAndFold) {
  for (int64_t k : {0, 31, 33, 255, 256, 257, 1023, 1024, 1025, 2048, 3000}) {
    for (int transposes = 0; transposes < 4; ++transposes) {
      const bool ta = (transposes & 1) != 0;
      const bool tb = (transposes & 2) != 0;
      expect_definition_on_all_paths({"wide", 7, k, 35, ta, tb, true}, 3, 1);
      expect_definition_on_all_paths({"unit", 50, k, 11, ta, tb, false}, 0, 0);
    }
  }
}

TEST(OrderedMatmul, IsTheDefinitionOnTallAndWideShapesWherePanelsArePacked) {
  for (int transposes = 0; transposes < 4; ++transposes) {
    const bool ta = (transposes & 1) != 0;
    const bool tb = (transposes & 2) != 0;
    expect_definition_on_all_paths({"wide", 70, 300, 260, ta, tb, true}, 0, 0);
    expect_definition_on_all_paths({"unit", 257, 64, 10, ta, tb, true}, 7, 3);
    expect_definition_on_all_paths({"unit", 3, 40, 1023, ta, tb, false}, 1, 1);
    expect_definition_on_all_paths({"unit", 1025, 3, 33, ta, tb, false}, 0, 2);
    expect_definition_on_all_paths({"unit", 65, 1030, 256, ta, tb, true}, 0, 0);
  }
}

TEST(OrderedMatmul, KeepsSpecialValuesSubnormalsAndCancellation) {
  for (std::string_view kind : {"special", "cancel", "small", "subnormal", "huge"}) {
    for (int transposes = 0; transposes < 4; ++transposes) {
      const bool ta = (transposes & 1) != 0;
      const bool tb = (transposes & 2) != 0;
      expect_definition_on_all_paths({kind, 14, 19, 41, ta, tb, true}, 2, 1);
      expect_definition_on_all_paths({kind, 9, 1031, 18, ta, tb, false}, 0, 0);
    }
  }
}

TEST(OrderedMatmul, WithoutTermsIsPlusZeroAndTheBias) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    Operands operands({"unit", 3, 0, 5, false, false, false}, 2, 1);
    ordered_matmul(operands.product, SerialParallel());
    EXPECT_EQ(operands.result(), Bits(15, 0u));
    const std::vector<float> negative_zeros(5, -0.0f);
    operands.product.bias = negative_zeros.data();
    ordered_matmul(operands.product, SerialParallel());
    EXPECT_EQ(operands.result(), Bits(15, 0u));
  }
}

TEST(OrderedMatmul, EmptyResultsTouchNothing) {
  Operands no_rows({"unit", 0, 4, 5, false, false, false}, 2, 1);
  ordered_matmul(no_rows.product, SerialParallel());
  EXPECT_TRUE(no_rows.result().empty());
  Operands no_columns({"unit", 4, 4, 0, false, false, false}, 2, 1);
  ordered_matmul(no_columns.product, SerialParallel());
  EXPECT_TRUE(no_columns.result().empty());
}

TEST(OrderedMatmul, IsInvariantUnderHowTheWorkIsCut) {
  for (int transposes = 0; transposes < 4; ++transposes) {
    const ProductCase product_case{
        "wide", 131, 1100, 150, (transposes & 1) != 0, (transposes & 2) != 0, true};
    for (const CpuPath path : available_cpu_paths()) {
      const CpuPathScope scope(path);
      if (path == CpuPath::kPortable && transposes != 0) continue;  // slow without FMA
      Operands serial(product_case);
      ordered_matmul(serial.product, SerialParallel());
      for (uint64_t seed = 0; seed < 4; ++seed) {
        Operands cut(product_case);
        ordered_matmul(cut.product, AdversarialParallel(seed));
        EXPECT_EQ(cut.result(), serial.result());
      }
    }
  }
}

/// Runs whole products inside the pieces of another one, as nested task pools do.
class ReentrantParallel final : public Parallel {
 public:
  void for_ranges(int64_t n, int64_t, const Range& body) const override {
    Operands other({"unit", 40, 50, 60, false, true, false});
    for (int64_t i = 0; i < n; ++i) {
      ordered_matmul(other.product, SerialParallel());
      body(i, i + 1);
    }
  }
};

TEST(OrderedMatmul, SurvivesOtherProductsOnTheSameThreadInBetween) {
  const ProductCase product_case{"unit", 70, 300, 270, false, true, true};
  Operands plain(product_case);
  ordered_matmul(plain.product, SerialParallel());
  Operands interrupted(product_case);
  ordered_matmul(interrupted.product, ReentrantParallel());
  EXPECT_EQ(interrupted.result(), plain.result());
}

}  // namespace
}  // namespace reprotrain::kernels
