// SPDX-License-Identifier: Apache-2.0
// Speed of matrix products on each path, one thread: GFLOP/s at the shapes of dense layers.
//
// With REPROTRAIN_BENCH_BLAS naming a shared library with cblas_sgemm (OpenBLAS), the same shapes
// are measured there, in the same process.
#include <benchmark/benchmark.h>
#include <dlfcn.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "kernels/base/cpu_path.h"
#include "kernels/matmul/ordered_matmul.h"
#include "kernels/random/philox.h"

namespace reprotrain::kernels {
namespace {

struct Shape {
  const char* name;
  int m, k, n;
  bool transpose_a, transpose_b;
};

constexpr Shape kShapes[] = {
    {"forward", 64, 64, 128, false, false},          {"forward", 64, 128, 64, false, false},
    {"forward", 64, 64, 10, false, false},           {"forward", 128, 784, 256, false, false},
    {"forward", 128, 256, 10, false, false},         {"weight_gradient", 64, 64, 128, true, false},
    {"weight_gradient", 128, 64, 64, true, false},   {"weight_gradient", 64, 64, 10, true, false},
    {"weight_gradient", 784, 128, 256, true, false}, {"weight_gradient", 256, 128, 10, true, false},
    {"input_gradient", 64, 64, 128, false, true},    {"input_gradient", 64, 10, 64, false, true},
    {"input_gradient", 128, 10, 256, false, true},   {"square", 512, 512, 512, false, false},
    {"square", 1024, 1024, 1024, false, false},
};

struct Operands {
  explicit Operands(const Shape& shape)
      : a(random(shape.m * shape.k, 1)), b(random(shape.k * shape.n, 2)), c(shape.m * shape.n) {
    product.a = shape.transpose_a ? dense_view<const float>(a.data(), shape.k, shape.m)
                                  : dense_view<const float>(a.data(), shape.m, shape.k);
    product.transpose_a = shape.transpose_a;
    product.b = shape.transpose_b ? dense_view<const float>(b.data(), shape.n, shape.k)
                                  : dense_view<const float>(b.data(), shape.k, shape.n);
    product.transpose_b = shape.transpose_b;
    product.c = dense_view(c.data(), shape.m, shape.n);
  }
  static std::vector<float> random(int n, uint64_t seed) {
    std::vector<float> values;
    for (int i = 0; i < n; ++i)
      values.push_back(random_unit({seed, 0, 0}, static_cast<uint64_t>(i)));
    return values;
  }
  std::vector<float> a, b, c;
  MatrixProduct product;
};

void set_rate(benchmark::State& state, const Shape& shape) {
  const double flops = 2.0 * shape.m * shape.k * shape.n * static_cast<double>(state.iterations());
  state.counters["GFLOPs"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsRate);
}

void measure_ordered(benchmark::State& state, const Shape& shape, CpuPath path) {
  const CpuPathScope scope(path);
  Operands operands(shape);
  const SerialParallel serial;
  for (auto _ : state) {
    ordered_matmul(operands.product, serial);
    benchmark::DoNotOptimize(operands.c.data());
    benchmark::ClobberMemory();
  }
  set_rate(state, shape);
}

using Sgemm = void (*)(int order, int transpose_a, int transpose_b, int m, int n, int k,
                       float alpha, const float* a, int lda, const float* b, int ldb, float beta,
                       float* c, int ldc);

void measure_blas(benchmark::State& state, const Shape& shape, Sgemm sgemm) {
  Operands operands(shape);
  constexpr int kRowMajor = 101, kPlain = 111, kTransposed = 112;
  for (auto _ : state) {
    sgemm(kRowMajor, shape.transpose_a ? kTransposed : kPlain,
          shape.transpose_b ? kTransposed : kPlain, shape.m, shape.n, shape.k, 1.0f,
          operands.a.data(), shape.transpose_a ? shape.m : shape.k, operands.b.data(),
          shape.transpose_b ? shape.k : shape.n, 0.0f, operands.c.data(), shape.n);
    benchmark::ClobberMemory();
  }
  set_rate(state, shape);
}

Sgemm find_sgemm() {
  const char* path = std::getenv("REPROTRAIN_BENCH_BLAS");
  void* library = path == nullptr ? nullptr : dlopen(path, RTLD_NOW);
  if (library == nullptr) return nullptr;
  using SetThreads = void (*)(int);
  if (auto* set = reinterpret_cast<SetThreads>(dlsym(library, "openblas_set_num_threads"))) set(1);
  return reinterpret_cast<Sgemm>(dlsym(library, "cblas_sgemm"));
}

void register_all() {
  const Sgemm sgemm = find_sgemm();
  for (const Shape& shape : kShapes) {
    const std::string name = std::string(shape.name) + "/" + std::to_string(shape.m) + "x" +
                             std::to_string(shape.k) + "x" + std::to_string(shape.n);
    for (const CpuPath path : available_cpu_paths()) {
      benchmark::RegisterBenchmark(
          (name + "/" + std::string(name_of(path))).c_str(),
          [&shape, path](benchmark::State& state) { measure_ordered(state, shape, path); });
    }
    if (sgemm != nullptr) {
      benchmark::RegisterBenchmark(
          (name + "/blas").c_str(),
          [&shape, sgemm](benchmark::State& state) { measure_blas(state, shape, sgemm); });
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels

int main(int argc, char** argv) {
  reprotrain::kernels::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
