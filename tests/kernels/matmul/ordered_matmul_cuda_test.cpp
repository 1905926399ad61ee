// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul/ordered_matmul_cuda.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "kernels/matmul/ordered_matmul.h"
#include "tests/support/cuda_schedules.h"
#include "tests/support/device_operands.h"
#include "tests/support/known_answers.h"

namespace reprotrain::kernels {
namespace {

using testing::Bits;
using testing::DeviceOperands;
using testing::for_each_schedule;
using testing::ProductCase;
using testing::ProductOperands;

ProductShape shape_of(const MatrixProduct& product) {
  return {product.c.n_rows, product.c.n_columns, product.depth()};
}

/// The product on the device by a plan, in fresh memory.
Bits cuda_bits(const ProductOperands& host, const OrderedMatmulPlan& plan, int64_t gap = 0,
               int64_t shift = 0, size_t workspace_shift = 0) {
  DeviceOperands device(host, gap, shift);
  const int64_t size_bytes = workspace_bytes_of(plan, shape_of(host.product));
  DeviceArray<float> workspace(static_cast<size_t>(size_bytes) / sizeof(float), workspace_shift);
  ordered_matmul_cuda(device.product, plan, {workspace.data(), size_bytes}, nullptr);
  return device.c.bits();
}

/// What the CPU computes, which ordered_matmul_test.cpp holds against the specification.
Bits cpu_bits(ProductOperands& host) {
  ordered_matmul(host.product, SerialParallel());
  return host.result();
}

OrderedMatmulPlan unsplit(TileKind tile, const MatrixProduct& product) {
  return {tile, std::max<int64_t>(1, shape_of(product).n_chains()), 1};
}

std::string name_of(TileKind tile) { return "tile kind " + std::to_string(static_cast<int>(tile)); }

/// Every tile kind, on schedules, against the CPU.
void expect_cpu_bits(const ProductCase& product_case, int64_t gap = 0, int64_t shift = 0,
                     uint64_t n_schedules = 5) {
  ProductOperands host(product_case);
  const Bits expected = cpu_bits(host);
  for (const TileKind tile : kEveryTileKind) {
    for_each_schedule(n_schedules, [&] {
      ASSERT_EQ(cuda_bits(host, unsplit(tile, host.product), gap, shift), expected)
          << testing::name_of(product_case) << ' ' << name_of(tile) << " gap " << gap << " shift "
          << shift;
    });
  }
}

ProductCase transposed(ProductCase product_case, int transposes) {
  product_case.transpose_a = (transposes & 1) != 0;
  product_case.transpose_b = (transposes & 2) != 0;
  return product_case;
}

TEST(OrderedMatmulCuda, GivesTheOraclesBitsWithEveryTile) {
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
    const ProductOperands host(product_case);
    for (const TileKind tile : kEveryTileKind) {
      // Large tiles spend long on little here; HasTheCpusBitsWhereChainsEndAndFold has them.
      if (product_case.depth > 100 && tile < TileKind::k32x32) continue;
      for_each_schedule(1, [&] {
        EXPECT_EQ(cuda_bits(host, unsplit(tile, host.product)), expected) << name_of(tile);
      });
    }
  }
}

TEST(OrderedMatmulCuda, HasTheCpusBitsAroundTheEdgesOfTiles) {
  for (int transposes = 0; transposes < 4; ++transposes) {
    for (const auto& [m, n] : {std::pair{1, 1}, {16, 32}, {17, 31}}) {
      expect_cpu_bits(transposed({"unit", m, 33, n, false, false, true}, transposes), 0, 0, 3);
    }
  }
  expect_cpu_bits({"wide", 129, 12, 132, false, false, false}, 0, 0, 3);
  expect_cpu_bits({"wide", 260, 8, 127, true, true, true}, 0, 0, 2);
}

TEST(OrderedMatmulCuda, HasTheCpusBitsWhereChainsEndAndFold) {
  int transposes = 0;
  for (const int64_t depth : {1, 7, 8, 9, 31, 32, 33, 1024, 2049}) {
    const uint64_t n_schedules = depth < 1000 ? 3 : 1;
    expect_cpu_bits(transposed({"wide", 5, depth, 20, false, false, true}, transposes++ % 4), 0, 0,
                    n_schedules);
  }
}

TEST(OrderedMatmulCuda, HasTheCpusBitsInMisalignedAndSeparatedRows) {
  for (int transposes = 0; transposes < 4; ++transposes) {
    for (const auto& [gap, shift] : {std::pair{1, 0}, {0, 1}, {4, 0}, {3, 2}}) {
      expect_cpu_bits(transposed({"wide", 36, 40, 68, false, false, true}, transposes), gap, shift,
                      1);
    }
  }
}

TEST(OrderedMatmulCuda, KeepsSpecialValuesSubnormalsAndCancellation) {
  int transposes = 0;
  for (const char* kind : {"special", "cancel", "small", "subnormal", "huge"}) {
    expect_cpu_bits(transposed({kind, 14, 19, 41, false, false, true}, transposes++ % 4), 0, 0, 3);
  }
}

/// Chains whose sum is -0, and K no multiple of a panel: padding with a plain zero would show.
TEST(OrderedMatmulCuda, KeepsTheSignOfAChainThatRoundsToMinusZero) {
  ProductOperands host({"unit", 20, 3, 20, false, false, false});
  for (int64_t i = 0; i < 20; ++i) {
    for (int64_t k = 0; k < 3; ++k) {
      host.a.view()(i, k) = -1e-30f;
      host.b.view()(k, i) = 1e-30f;
    }
  }
  for (const TileKind tile : kEveryTileKind) {
    for_each_schedule([&] {
      EXPECT_EQ(cuda_bits(host, unsplit(tile, host.product)), Bits(400, 0x80000000u))
          << name_of(tile);
    });
  }
}

TEST(OrderedMatmulCuda, SplitsGiveTheSameBits) {
  for (const int64_t depth : {1025, 2048, 4500}) {
    ProductOperands host({"wide", 18, depth, 35, true, false, true});
    const Bits expected = cpu_bits(host);
    const int64_t n_chains = shape_of(host.product).n_chains();
    for (int64_t chains_per_split = 1; chains_per_split < n_chains; ++chains_per_split) {
      const int64_t n_splits = (n_chains + chains_per_split - 1) / chains_per_split;
      for (const TileKind tile : {TileKind::k64x64, TileKind::k32x32}) {
        for_each_schedule(2, [&] {
          ASSERT_EQ(cuda_bits(host, {tile, chains_per_split, n_splits}, 1, 1), expected)
              << depth << ' ' << name_of(tile) << ' ' << chains_per_split << " chains a split";
        });
      }
    }
  }
}

TEST(OrderedMatmulCuda, SlabsMayLieAtTheAddressOfAnyFloat) {
  ProductOperands host({"wide", 18, 1025, 36, false, false, true});
  const Bits expected = cpu_bits(host);
  for (const TileKind tile : kEveryTileKind) {
    for (const size_t workspace_shift : {1, 2}) {
      for_each_schedule(1, [&] {
        EXPECT_EQ(cuda_bits(host, {tile, 1, 2}, 0, 0, workspace_shift), expected)
            << name_of(tile) << " shift " << workspace_shift;
      });
    }
  }
}

TEST(OrderedMatmulCuda, SplitsBeyondTheLastChainWriteNothing) {
  ProductOperands host({"wide", 18, 2049, 35, false, false, true});
  const Bits expected = cpu_bits(host);
  for_each_schedule(2, [&] {
    EXPECT_EQ(cuda_bits(host, {TileKind::k32x32, 2, 4}), expected);
    EXPECT_EQ(cuda_bits(host, {TileKind::k32x32, int64_t{1} << 20, 4}), expected);
  });
}

TEST(OrderedMatmulCuda, WithoutTermsIsPlusZeroAndTheBias) {
  ProductOperands host({"unit", 3, 0, 5, false, false, false});
  for_each_schedule([&] {
    EXPECT_EQ(cuda_bits(host, {TileKind::k32x32, 1, 1}, 2, 1), Bits(15, 0u));
  });
  host.bias.assign(5, -0.0f);
  host.product.bias = host.bias.data();
  for_each_schedule([&] {
    EXPECT_EQ(cuda_bits(host, {TileKind::k32x32, 1, 1}, 2, 1), Bits(15, 0u));
  });
}

TEST(OrderedMatmulCuda, EmptyResultsTouchNothing) {
  const ProductOperands no_rows({"unit", 0, 4, 5, false, false, false});
  EXPECT_TRUE(cuda_bits(no_rows, {TileKind::k64x64, 1, 1}, 2, 1).empty());
  const ProductOperands no_columns({"unit", 4, 4, 0, false, false, false});
  EXPECT_TRUE(cuda_bits(no_columns, {TileKind::k64x64, 1, 1}, 2, 1).empty());
}

TEST(OrderedMatmulCuda, RefusesMoreTilesThanAGridHas) {
  MatrixProduct product;
  const int64_t n = int64_t{1} << 21;
  float unused = 0.0f;
  product.a = {&unused, n, 1, 1};
  product.b = {&unused, 1, n, n};
  product.c = {&unused, n, n, n};
  EXPECT_THROW(ordered_matmul_cuda(product, {TileKind::k16x32, 1, 1}, {}, nullptr), CudaError);
}

TEST(OrderedMatmulPlan, FitsTheWorkspaceAndCoversEveryChain) {
  for (const int64_t m : {1, 10, 100, 4096, 100000}) {
    for (const int64_t n : {1, 10, 512, 8192}) {
      for (const int64_t depth : {0, 1, 784, 1024, 1025, 65536, 1 << 20}) {
        for (const int64_t workspace : {int64_t{0}, int64_t{1} << 20, int64_t{1} << 30}) {
          const ProductShape shape{m, n, depth};
          const OrderedMatmulPlan plan = plan_ordered_matmul(shape, 132, workspace);
          EXPECT_LE(workspace_bytes_of(plan, shape), workspace);
          EXPECT_GE(plan.chains_per_split * plan.n_splits, shape.n_chains());
          EXPECT_LT(plan.chains_per_split * (plan.n_splits - 1),
                    std::max<int64_t>(1, shape.n_chains()));
        }
      }
    }
  }
}

TEST(OrderedMatmulPlan, TakesLargeTilesForLargeProductsAndSplitsTallOnes) {
  const int64_t enough = int64_t{1} << 30;
  EXPECT_EQ(plan_ordered_matmul({8192, 8192, 8192}, 132, enough).tile, TileKind::k256x128);
  EXPECT_EQ(plan_ordered_matmul({8192, 8192, 8192}, 132, enough).n_splits, 1);
  EXPECT_GT(plan_ordered_matmul({64, 64, 1 << 20}, 132, enough).n_splits, 16);
  const TileKind small = plan_ordered_matmul({128, 256, 784}, 132, enough).tile;
  EXPECT_TRUE(small == TileKind::k16x32 || small == TileKind::k32x32);
}

}  // namespace
}  // namespace reprotrain::kernels
