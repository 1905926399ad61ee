// SPDX-License-Identifier: Apache-2.0
// The known answers of products of many tiles, computed again by the definition.
#include <gtest/gtest.h>

#include "kernels/digest/tile_digest.h"
#include "tests/kernels/matmul/ordered_definition.h"
#include "tests/kernels/matmul/sliced_definition.h"
#include "tests/support/known_answers.h"
#include "tests/support/product_operands.h"

namespace reprotrain::kernels {
namespace {

using testing::Bits;

std::string digest_of(const Bits& bits) {
  std::vector<float> values;
  for (const uint32_t word : bits) values.push_back(float_from_bits(word));
  return tile_digest(std::span<const float>(values), 0, SerialParallel()).hex();
}

template <typename Definition>
void expect_definition(const std::string& specification, const Definition& definition) {
  for (const auto& known : testing::known_answers("large_products.kat", specification)) {
    const auto number = [&](size_t i) {
      return static_cast<int64_t>(testing::from_decimal(known.inputs[i]));
    };
    const testing::ProductOperands operands({known.inputs[0], number(1), number(2), number(3),
                                             number(4) != 0, number(5) != 0, number(6) != 0});
    EXPECT_EQ(digest_of(definition(operands.product)), known.outputs[0]) << known.line;
  }
}

TEST(LargeProducts, OfChainsAreTheDefinition) {
  expect_definition("fma32", testing::ordered_by_definition);
}

TEST(LargeProducts, OfIntegerSlicesAreTheDefinition) {
  for (const int n_digits : {2, 3}) {
    expect_definition("int8x" + std::to_string(n_digits), [&](const MatrixProduct& product) {
      return testing::sliced_by_definition(product, n_digits);
    });
  }
}

}  // namespace
}  // namespace reprotrain::kernels
