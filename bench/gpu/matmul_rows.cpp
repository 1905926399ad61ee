// SPDX-License-Identifier: Apache-2.0
#include "bench/gpu/matmul_rows.h"

#include <cstring>

#include "kernels/matmul/ordered_matmul_cuda.h"
#include "kernels/matmul/sliced_matmul_cuda.h"

namespace reprotrain::bench {

namespace {

using kernels::dense_view;
using kernels::MatrixProduct;
using kernels::OrderedMatmulPlan;
using kernels::ProductShape;
using kernels::TileKind;
using Precision = CublasPeer::Precision;

struct Shape {
  const char* name;
  int64_t m, k, n;
  bool transpose_a = false;
  bool transpose_b = false;
  double target_ratio = 0.0;
};

constexpr Shape kShapes[] = {
    {"square", 4096, 4096, 4096, false, false, 0.9},
    {"square", 8192, 8192, 8192, false, false, 0.9},
    {"square, B transposed", 4096, 4096, 4096, false, true, 0.9},
    {"square, A transposed", 4096, 4096, 4096, true, false, 0.9},
    {"square", 1024, 1024, 1024},
    {"forward", 128, 784, 512},
    {"forward", 1024, 784, 512},
    {"forward", 1024, 512, 10},
    {"weight gradient", 784, 128, 512, true, false},
    {"weight gradient", 784, 1024, 512, true, false},
    {"weight gradient", 512, 1024, 10, true, false},
    {"input gradient", 1024, 10, 512, false, true},
    {"input gradient", 1024, 512, 784, false, true},
    {"tall", 65536, 512, 16},
    {"wide", 16, 512, 65536},
    {"deep", 64, 1 << 20, 64},
    {"odd", 4095, 4097, 4099},
};

/// Squares on which integer slices and single tile kinds are measured too.
constexpr Shape kLargeSquares[] = {{"square", 4096, 4096, 4096}, {"square", 8192, 8192, 8192}};

MatrixProduct product_of(const Shape& shape, const DeviceMemory& memory, float* result) {
  MatrixProduct product;
  product.a = shape.transpose_a ? dense_view<const float>(memory.a.data(), shape.k, shape.m)
                                : dense_view<const float>(memory.a.data(), shape.m, shape.k);
  product.transpose_a = shape.transpose_a;
  product.b = shape.transpose_b ? dense_view<const float>(memory.b.data(), shape.n, shape.k)
                                : dense_view<const float>(memory.b.data(), shape.k, shape.n);
  product.transpose_b = shape.transpose_b;
  product.c = dense_view(result, shape.m, shape.n);
  return product;
}

std::string name_of(const Shape& shape) {
  return std::string(shape.name) + " " + std::to_string(shape.m) + "x" + std::to_string(shape.k) +
         "x" + std::to_string(shape.n);
}

double flops(const Shape& shape) {
  return 2.0 * static_cast<double>(shape.m) * static_cast<double>(shape.k) *
         static_cast<double>(shape.n);
}

class RowMaker {
 public:
  explicit RowMaker(const MatmulTools& tools) : tools_(tools) {}

  Side fma32(const Shape& shape, const std::string& name, const OrderedMatmulPlan& plan) const {
    return {name, flops(shape), [this_tools = tools_, shape, plan](cudaStream_t stream) {
              const DeviceMemory& memory = this_tools.memory;
              ordered_matmul_cuda(
                  product_of(shape, memory, memory.ours.data()), plan,
                  {reinterpret_cast<float*>(memory.workspace.data()), memory.workspace.size()},
                  stream);
            }};
  }

  OrderedMatmulPlan plan(const Shape& shape) const {
    return kernels::plan_ordered_matmul({shape.m, shape.n, shape.k}, tools_.n_multiprocessors,
                                        tools_.memory.workspace.size());
  }

  Side sliced(const Shape& shape, int n_digits, const kernels::Int8Gemm* gemm,
              const char* provider) const {
    return {"int8x" + std::to_string(n_digits) + " (" + provider + ")", flops(shape),
            [this_tools = tools_, shape, n_digits, gemm](cudaStream_t stream) {
              const DeviceMemory& memory = this_tools.memory;
              sliced_matmul_cuda(product_of(shape, memory, memory.ours.data()), {n_digits, gemm},
                                 {memory.workspace.data(), memory.workspace.size()}, stream);
            }};
  }

  /// The integer products of int8x2 alone: 3 pairs of digits.
  Side integer_part(const Shape& shape) const {
    return {"3 integer products", flops(shape), [this_tools = tools_, shape](cudaStream_t stream) {
              const DeviceMemory& memory = this_tools.memory;
              kernels::Int8Product digits;
              digits.a = reinterpret_cast<const int8_t*>(memory.a.data());
              digits.b = reinterpret_cast<const int8_t*>(memory.b.data());
              digits.a_stride = digits.b_stride = 2 * shape.k;
              digits.c = reinterpret_cast<int32_t*>(memory.ours.data());
              digits.c_stride = shape.n;
              digits.n_rows = shape.m;
              digits.n_columns = shape.n;
              for (const int64_t n_pairs : {2, 1}) {
                digits.depth = n_pairs * shape.k;
                this_tools.tensor_cores->run(digits, stream);
              }
            }};
  }

  Side cublas(const Shape& shape, Precision precision) const {
    const char* name = precision == Precision::kTf32 ? "cuBLAS TF32" : "cuBLAS SGEMM, pedantic";
    if (tools_.cublas == nullptr) return {name, flops(shape), {}};
    return {name, flops(shape), [this_tools = tools_, shape, precision](cudaStream_t stream) {
              const DeviceMemory& memory = this_tools.memory;
              this_tools.cublas->multiply(product_of(shape, memory, memory.peers.data()), precision,
                                          stream);
            }};
  }

 private:
  MatmulTools tools_;
};

OrderedMatmulPlan forced(TileKind tile, const Shape& shape) {
  const ProductShape product{shape.m, shape.n, shape.k};
  return {tile, product.n_chains(), 1};
}

std::vector<float> read_result(const MatmulTools& tools, const Shape& shape) {
  std::vector<float> values(static_cast<size_t>(shape.m * shape.n));
  kernels::check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  kernels::check_cuda(cudaMemcpy(values.data(), tools.memory.ours.data(),
                                 values.size() * sizeof(float), cudaMemcpyDeviceToHost),
                      "cudaMemcpy");
  return values;
}

/// Whether all of the sides leave the same bits; a sentence where one does not.
void compare_bits(const MatmulTools& tools, const Shape& shape, const std::vector<Side>& sides,
                  std::vector<std::string>& differences) {
  std::vector<float> expected;
  for (const Side& side : sides) {
    side.work(nullptr);
    const std::vector<float> values = read_result(tools, shape);
    if (expected.empty()) expected = values;
    if (std::memcmp(values.data(), expected.data(), values.size() * sizeof(float)) != 0) {
      differences.push_back(name_of(shape) + ": " + side.name + " and " + sides[0].name +
                            " give different bits");
    }
  }
}

}  // namespace

std::vector<Row> matmul_rows(const MatmulTools& tools) {
  const RowMaker make(tools);
  std::vector<Row> rows;
  for (const Shape& shape : kShapes) {
    rows.push_back({"fma32", name_of(shape), "GFLOP/s",
                    make.fma32(shape, "fma32", make.plan(shape)),
                    make.cublas(shape, Precision::kPedantic), shape.target_ratio});
  }
  for (const Shape& shape : kLargeSquares) {
    rows.push_back({"fma32, one tile kind", name_of(shape), "GFLOP/s",
                    make.fma32(shape, "tiles of 256x128", forced(TileKind::k256x128, shape)),
                    make.fma32(shape, "tiles of 128x128", forced(TileKind::k128x128, shape))});
  }
  if (tools.tensor_cores == nullptr) return rows;
  for (const Shape& shape : kLargeSquares) {
    const auto row = [&](const Side& ours, const Side& peer, double target) {
      rows.push_back({"Integer slices", name_of(shape), "GFLOP/s", ours, peer, target});
    };
    const kernels::Int8Gemm* gemm = tools.tensor_cores;
    row(make.sliced(shape, 2, gemm, "cuBLASLt"), make.cublas(shape, Precision::kTf32), 1.0);
    row(make.integer_part(shape), make.cublas(shape, Precision::kTf32), 0.0);
    row(make.sliced(shape, 3, gemm, "cuBLASLt"), make.cublas(shape, Precision::kPedantic), 3.0);
  }
  static const kernels::TiledInt8Gemm tiles;
  rows.push_back({"Integer slices", name_of(kLargeSquares[0]), "GFLOP/s",
                  make.sliced(kLargeSquares[0], 2, &tiles, "our tiles"),
                  make.cublas(kLargeSquares[0], Precision::kPedantic)});
  return rows;
}

std::vector<std::string> matmul_differences(const MatmulTools& tools) {
  const RowMaker make(tools);
  std::vector<std::string> differences;
  for (int transposes = 0; transposes < 4; ++transposes) {
    const Shape shape{"check", 1029, 3000, 771, (transposes & 1) != 0, (transposes & 2) != 0};
    std::vector<Side> ways;
    for (const TileKind tile : kernels::kEveryTileKind) {
      const std::string kind = "tile kind " + std::to_string(static_cast<int>(tile));
      ways.push_back(make.fma32(shape, kind, forced(tile, shape)));
      ways.push_back(make.fma32(shape, kind + " with splits", {tile, 1, 3}));
    }
    compare_bits(tools, shape, ways, differences);
    if (tools.tensor_cores == nullptr) continue;
    const kernels::TiledInt8Gemm tiles;
    for (const int n_digits : {2, 3}) {
      compare_bits(tools, shape,
                   {make.sliced(shape, n_digits, &tiles, "our tiles"),
                    make.sliced(shape, n_digits, tools.tensor_cores, "cuBLASLt")},
                   differences);
    }
  }
  return differences;
}

}  // namespace reprotrain::bench
