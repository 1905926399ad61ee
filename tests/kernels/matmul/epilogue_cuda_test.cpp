// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/matmul/epilogue_pass_cuda.h"
#include "kernels/matmul/matmul.h"
#include "kernels/matmul/ordered_matmul_cuda.h"
#include "kernels/matmul/sliced_matmul.h"
#include "kernels/matmul/sliced_matmul_cuda.h"
#include "tests/kernels/matmul/epilogue_cases.h"
#include "tests/support/cuda_schedules.h"
#include "tests/support/device_operands.h"

namespace reprotrain::kernels {
namespace {

using testing::Bits;
using testing::DeviceMatrix;
using testing::DeviceOperands;
using testing::EpilogueCase;
using testing::EpilogueOperands;
using testing::every_epilogue;
using testing::for_each_schedule;
using testing::ProductCase;
using testing::ProductOperands;

/// The matrices of an epilogue in device memory.
struct DeviceEpilogue {
  DeviceEpilogue(EpilogueOperands& host, int64_t gap, int64_t shift)
      : of(host.of.view(), gap, shift),
        kept(host.kept.view(), gap, shift),
        epilogue(host.epilogue()) {
    if (epilogue.keeps_input()) epilogue.kept_input = kept.view();
    if (epilogue.derivative_of.data != nullptr) epilogue.derivative_of = of.view();
  }

  DeviceMatrix of, kept;
  Epilogue epilogue;
};

/// `run(product)` on the device, for every epilogue, against the product of the CPU and passes.
template <typename Run>
void expect_passes(MatmulSpecification specification, const ProductCase& product_case,
                   const Run& run, int64_t gap = 0, int64_t shift = 0) {
  ProductOperands host(product_case);
  multiply(specification, host.product, SerialParallel());
  const Bits product = host.result();
  for (const EpilogueCase& asked : every_epilogue()) {
    SCOPED_TRACE(name_of(product_case) + " " + name_of(asked));
    EpilogueOperands end(asked, product_case.n_rows, product_case.n_columns, 0, 0);
    for_each_schedule(2, [&] {
      DeviceOperands device(host, gap, shift);
      DeviceEpilogue device_end(end, gap, shift);
      device.product.epilogue = device_end.epilogue;
      run(device.product);
      ASSERT_EQ(device.c.bits(), end.expected(product));
      if (asked.keeps_input) {
        ASSERT_EQ(device_end.kept.bits(), product);
      }
    });
  }
}

ProductShape shape_of(const MatrixProduct& product) {
  return {product.c.n_rows, product.c.n_columns, product.depth()};
}

void run_ordered(const MatrixProduct& product, const OrderedMatmulPlan& plan) {
  const int64_t size_bytes = workspace_bytes_of(plan, shape_of(product));
  DeviceArray<float> workspace(static_cast<size_t>(size_bytes) / sizeof(float));
  ordered_matmul_cuda(product, plan, {workspace.data(), size_bytes}, nullptr);
}

TEST(EpilogueCuda, OrderedProductsHaveTheBitsOfPassesWithEveryTile) {
  int64_t shift = 0;
  for (const TileKind tile : kEveryTileKind) {
    const auto run = [&](const MatrixProduct& product) { run_ordered(product, {tile, 1, 1}); };
    expect_passes(MatmulSpecification::kFma32, {"special", 19, 5, 36, false, true, true}, run);
    expect_passes(MatmulSpecification::kFma32, {"unit", 33, 3, 35, true, false, false}, run, 1,
                  shift++ % 3);
  }
}

TEST(EpilogueCuda, OrderedProductsHaveTheBitsOfPassesAfterSplitsAndWithoutTerms) {
  const auto split = [&](const MatrixProduct& p) { run_ordered(p, {TileKind::k32x32, 1, 2}); };
  expect_passes(MatmulSpecification::kFma32, {"wide", 5, 1030, 18, false, false, true}, split);
  expect_passes(MatmulSpecification::kFma32, {"wide", 5, 1030, 20, false, false, true}, split, 3,
                1);
  const auto chains = [&](const MatrixProduct& p) { run_ordered(p, {TileKind::k32x32, 2, 1}); };
  expect_passes(MatmulSpecification::kFma32, {"wide", 5, 1030, 18, false, false, true}, chains);
  const auto whole = [&](const MatrixProduct& p) { run_ordered(p, {TileKind::k16x32, 1, 1}); };
  expect_passes(MatmulSpecification::kFma32, {"unit", 5, 0, 7, false, false, true}, whole, 1, 1);
  expect_passes(MatmulSpecification::kFma32, {"unit", 0, 4, 7, false, false, true}, whole);
  expect_passes(MatmulSpecification::kFma32, {"unit", 1, 1, 1, false, false, true}, whole);
}

TEST(EpilogueCuda, SlicedProductsHaveTheBitsOfPassesInBandsAndChunks) {
  const TiledInt8Gemm gemm;
  for (const int n_digits : {2, 3}) {
    const auto specification =
        n_digits == 2 ? MatmulSpecification::kInt8x2 : MatmulSpecification::kInt8x3;
    for (const int64_t chunk_terms : {0, 64}) {
      const auto run = [&](const MatrixProduct& product) {
        const SlicedPlan plan{n_digits, &gemm, chunk_terms};
        const int64_t size_bytes = least_sliced_workspace_bytes(shape_of(product), plan);
        DeviceArray<unsigned char> workspace(static_cast<size_t>(size_bytes));
        sliced_matmul_cuda(product, plan, {workspace.data(), size_bytes}, nullptr);
      };
      expect_passes(specification, {"special", 9, 70, 18, false, false, true}, run, 1, 1);
      expect_passes(specification, {"unit", 140, 3, 8, true, true, false}, run);
      expect_passes(specification, {"unit", 3, 0, 5, false, false, true}, run);
    }
  }
}

TEST(EpilogueCuda, APassOfItsOwnHasTheCpusBitsWhateverTheEstimatesAreIn) {
  for (const auto estimate : {rounded::EstimateIn::kBinary64, rounded::EstimateIn::kBinary32Pair}) {
    for (const EpilogueCase& asked : every_epilogue()) {
      for (const int64_t gap : {0, 1}) {
        SCOPED_TRACE(name_of(asked));
        EpilogueOperands end(asked, 37, 66, 0, 0);
        testing::GuardedMatrix host(37, 66, 0, 0);
        host.fill("special", 11);
        for_each_schedule(2, [&] {
          DeviceMatrix c(host.view(), gap, gap);
          DeviceEpilogue device_end(end, gap, gap);
          const Bits before = c.bits();
          finish_matrix_cuda(device_end.epilogue, c.view(), estimate, nullptr);
          EXPECT_EQ(c.bits(), end.expected(before));
          if (asked.keeps_input) {
            EXPECT_EQ(device_end.kept.bits(), before);
          }
        });
      }
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
