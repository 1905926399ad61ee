// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul/sliced_matmul_cuda.h"

#include <gtest/gtest.h>

#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/matmul/sliced_matmul.h"
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

/// The product on the device with our own integer kernel, in fresh memory.
Bits cuda_bits(const ProductOperands& host, const SlicedPlan& plan, int64_t workspace_bytes,
               int64_t gap = 0, int64_t shift = 0) {
  DeviceOperands device(host, gap, shift);
  DeviceArray<unsigned char> workspace(static_cast<size_t>(workspace_bytes));
  sliced_matmul_cuda(device.product, plan, {workspace.data(), workspace_bytes}, nullptr);
  return device.c.bits();
}

/// What the CPU computes, which sliced_matmul_test.cpp holds against the specification.
Bits cpu_bits(ProductOperands& host, int n_digits) {
  sliced_matmul(host.product, n_digits, SerialParallel());
  return host.result();
}

void expect_cpu_bits(const ProductCase& product_case, int64_t gap = 0, int64_t shift = 0) {
  const TiledInt8Gemm gemm;
  for (const int n_digits : {2, 3}) {
    ProductOperands host(product_case);
    const Bits expected = cpu_bits(host, n_digits);
    for_each_schedule(3, [&] {
      const SlicedPlan plan{n_digits, &gemm};
      const int64_t size_bytes = sliced_workspace_bytes(shape_of(host.product), plan);
      ASSERT_EQ(cuda_bits(host, plan, size_bytes, gap, shift), expected)
          << testing::name_of(product_case) << ", " << n_digits << " digits";
    });
  }
}

ProductCase transposed(ProductCase product_case, int transposes) {
  product_case.transpose_a = (transposes & 1) != 0;
  product_case.transpose_b = (transposes & 2) != 0;
  return product_case;
}

std::vector<float> floats(std::span<const std::string> words) {
  std::vector<float> values;
  for (const std::string& word : words) {
    values.push_back(float_from_bits(static_cast<uint32_t>(testing::from_hex(word))));
  }
  return values;
}

/// The product of plain row-major matrices.
Bits cuda_bits(const std::vector<float>& a, const std::vector<float>& b, const ProductShape& shape,
               int n_digits) {
  const TiledInt8Gemm gemm;
  ProductOperands host({"unit", shape.n_rows, shape.depth, shape.n_columns, false, false, false});
  host.product.a.data = a.data();
  host.product.b.data = b.data();
  const SlicedPlan plan{n_digits, &gemm};
  return cuda_bits(host, plan, sliced_workspace_bytes(shape, plan));
}

/// Formats: the head of tests/golden/sliced_matmul.kat.
class SlicedKnownAnswersCuda : public ::testing::TestWithParam<int> {
 protected:
  int n_digits() const { return GetParam(); }
  std::vector<testing::KnownAnswer> answers(const std::string& suffix) const {
    return testing::known_answers("sliced_matmul.kat",
                                  "int8x" + std::to_string(n_digits()) + suffix);
  }
};

int64_t number(const std::string& word) {
  return static_cast<int64_t>(testing::from_decimal(word));
}

TEST_P(SlicedKnownAnswersCuda, OfFamiliesOfValuesComeOut) {
  const TiledInt8Gemm gemm;
  for (const testing::KnownAnswer& known : answers("")) {
    const auto& in = known.inputs;
    const ProductCase product_case{in[0],        number(in[1]), number(in[2]), number(in[3]),
                                   in[4] != "0", in[5] != "0",  in[6] != "0"};
    const ProductOperands host(product_case);
    for_each_schedule(2, [&] {
      const SlicedPlan plan{n_digits(), &gemm};
      const int64_t size_bytes = sliced_workspace_bytes(shape_of(host.product), plan);
      EXPECT_EQ(cuda_bits(host, plan, size_bytes), testing::bit_patterns(known.outputs))
          << known.line.substr(0, 60);
    });
  }
}

TEST_P(SlicedKnownAnswersCuda, OfChosenWordsComeOut) {
  for (const testing::KnownAnswer& known : answers("_words")) {
    const ProductShape shape{number(known.inputs[0]), number(known.inputs[2]),
                             number(known.inputs[1])};
    const std::vector<float> values = floats(std::span(known.inputs).subspan(3));
    const auto split = values.begin() + shape.n_rows * shape.depth;
    for_each_schedule(1, [&] {
      EXPECT_EQ(cuda_bits({values.begin(), split}, {split, values.end()}, shape, n_digits()),
                testing::bit_patterns(known.outputs))
          << known.line.substr(0, 100);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Digits, SlicedKnownAnswersCuda, ::testing::Values(2, 3),
                         [](const auto& parameter) { return std::to_string(parameter.param); });

TEST(SlicedMatmulCuda, HasTheCpusBitsAtEveryTransposition) {
  for (int transposes = 0; transposes < 4; ++transposes) {
    expect_cpu_bits(transposed({"unit", 1, 1, 1, false, false, true}, transposes));
    expect_cpu_bits(transposed({"unit", 33, 3, 15, false, false, false}, transposes));
    expect_cpu_bits(transposed({"unit", 32, 64, 16, false, false, true}, transposes));
    expect_cpu_bits(transposed({"unit", 34, 130, 65, false, false, false}, transposes));
  }
}

TEST(SlicedMatmulCuda, HasTheCpusBitsInMisalignedAndSeparatedRows) {
  for (int transposes = 0; transposes < 4; ++transposes) {
    for (const auto& [gap, shift] : {std::pair{1, 0}, {0, 1}, {4, 0}}) {
      expect_cpu_bits(transposed({"wide", 9, 20, 12, false, false, true}, transposes), gap, shift);
    }
  }
}

TEST(SlicedMatmulCuda, KeepsSpecialValuesSubnormalsAndCancellation) {
  int transposes = 0;
  for (const char* kind : {"special", "cancel", "small", "subnormal", "huge", "wide"}) {
    expect_cpu_bits(transposed({kind, 14, 19, 41, false, false, true}, transposes++ % 4));
    expect_cpu_bits(transposed({kind, 13, 1, 9, false, false, false}, transposes % 4));
  }
}

TEST(SlicedMatmulCuda, FindsTheLargestMagnitudeOfALongVector) {
  for (const int transposes : {1, 2}) {  // columns of both operands, rows of both
    expect_cpu_bits(transposed({"wide", 3, 4096 + 65, 5, false, false, false}, transposes));
  }
}

TEST(SlicedMatmulCuda, ChunksAlongKAddUpToTheSameBits) {
  const TiledInt8Gemm gemm;
  for (const int n_digits : {2, 3}) {
    for (const char* kind : {"unit", "special"}) {
      ProductOperands host({kind, 20, 300, 18, false, false, true});
      const Bits expected = cpu_bits(host, n_digits);
      for (const int64_t chunk_terms : {64, 128, 256}) {
        for_each_schedule(2, [&] {
          const SlicedPlan plan{n_digits, &gemm, chunk_terms};
          const int64_t size_bytes = sliced_workspace_bytes(shape_of(host.product), plan);
          EXPECT_EQ(cuda_bits(host, plan, size_bytes), expected)
              << kind << ' ' << chunk_terms << " terms";
        });
      }
    }
  }
}

TEST(SlicedMatmulCuda, BandsOfRowsGiveTheSameBits) {
  const TiledInt8Gemm gemm;
  for (const bool transpose_a : {false, true}) {
    ProductOperands host({"unit", 300, 100, 17, transpose_a, false, true});
    const Bits expected = cpu_bits(host, 2);
    for (const int64_t chunk_terms : {0, 64}) {
      for_each_schedule(2, [&] {
        const ProductShape shape = shape_of(host.product);
        const SlicedPlan plan{2, &gemm, chunk_terms};
        const int64_t size_bytes = least_sliced_workspace_bytes(shape, plan);
        ASSERT_LT(size_bytes, sliced_workspace_bytes(shape, plan));
        EXPECT_EQ(cuda_bits(host, plan, size_bytes), expected);
      });
    }
  }
}

TEST(SlicedMatmulCuda, RefusesAWorkspaceThatIsTooSmall) {
  const TiledInt8Gemm gemm;
  const ProductOperands host({"unit", 3, 4, 5, false, false, false});
  for (const int64_t chunk_terms : {0, 2}) {
    const SlicedPlan plan{2, &gemm, chunk_terms};
    const int64_t least = least_sliced_workspace_bytes(shape_of(host.product), plan);
    EXPECT_THROW(cuda_bits(host, plan, least - 256), CudaError);
  }
}

TEST(SlicedMatmulCuda, RefusesPlansWithWrongResults) {
  const TiledInt8Gemm gemm;
  const ProductOperands host({"unit", 3, 4, 5, false, false, false});
  EXPECT_THROW(cuda_bits(host, {4, &gemm}, 1 << 16), std::invalid_argument);
  EXPECT_THROW(cuda_bits(host, {2, nullptr}, 1 << 16), std::invalid_argument);
  for (const int n_digits : {2, 3}) {
    const int64_t most = max_chunk_terms(n_digits);
    EXPECT_NO_THROW(cuda_bits(host, {n_digits, &gemm, most}, 1 << 16));
    EXPECT_THROW(cuda_bits(host, {n_digits, &gemm, most + 1}, 1 << 16), std::invalid_argument);
    EXPECT_THROW(cuda_bits(host, {n_digits, &gemm, -1}, 1 << 16), std::invalid_argument);
  }
}

TEST(SlicedMatmulCuda, RefusesAWorkspaceThatIsNotAligned) {
  const TiledInt8Gemm gemm;
  const ProductOperands host({"unit", 3, 4, 5, false, false, false});
  DeviceOperands device(host, 0, 0);
  DeviceArray<unsigned char> workspace(1 << 16);
  EXPECT_THROW(
      sliced_matmul_cuda(device.product, {2, &gemm}, {workspace.data() + 128, 1 << 15}, nullptr),
      std::invalid_argument);
}

TEST(SlicedMatmulCuda, WithoutTermsIsPlusZeroAndTheBias) {
  const TiledInt8Gemm gemm;
  ProductOperands host({"unit", 3, 0, 5, false, false, false});
  for_each_schedule(2, [&] {
    EXPECT_EQ(cuda_bits(host, {2, &gemm}, 1 << 16, 2, 1), Bits(15, 0u));
  });
  host.bias.assign(5, -0.0f);
  host.product.bias = host.bias.data();
  for_each_schedule(2, [&] {
    EXPECT_EQ(cuda_bits(host, {3, &gemm}, 1 << 16, 2, 1), Bits(15, 0u));
  });
}

TEST(SlicedMatmulCuda, EmptyResultsTouchNothing) {
  const TiledInt8Gemm gemm;
  const ProductOperands no_rows({"unit", 0, 4, 5, false, false, false});
  EXPECT_TRUE(cuda_bits(no_rows, {2, &gemm}, 0, 2, 1).empty());
  const ProductOperands no_columns({"unit", 4, 4, 0, false, false, false});
  EXPECT_TRUE(cuda_bits(no_columns, {2, &gemm}, 0, 2, 1).empty());
}

}  // namespace
}  // namespace reprotrain::kernels
