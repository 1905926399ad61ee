// SPDX-License-Identifier: Apache-2.0
// Matrix products beside OpenBLAS and oneDNN, in one process: GFLOP/s of fma32 ("reprotrain") and of
// integer slices, and the ratio of fma32 to the fastest peer of each row.
//
//   bench_matmul [--threads N] [--only TEXT]...      (--help lists the options)
//
// Contenders take turns; the median of the repeats counts. One thread is timed by the processor
// time of the thread, which other processes do not use up; more threads by the wall clock, where a
// repeat is the best of several short runs, after a pause in which the threads of the contender
// before fall asleep. With --path every product of ours runs on that path.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "bench/command_line.h"
#include "bench/matmul_peers.h"
#include "bench/timing.h"
#include "engine/device/cpu_threads.h"
#include "kernels/base/cpu_path.h"
#include "kernels/matmul/matmul.h"
#include "kernels/random/philox.h"

namespace reprotrain::bench {
namespace {

struct Shape {
  std::string name;
  int64_t m, k, n;
  bool transpose_a, transpose_b;
};

std::vector<Shape> all_shapes() {
  std::vector<Shape> shapes;
  for (const int64_t n : {256, 512, 1024, 2048}) shapes.push_back({"cube", n, n, n, false, false});
  for (const int64_t batch : {32, 64, 128, 256, 512, 1024}) {
    for (const auto& [in, out] : {std::pair<int64_t, int64_t>{784, 512}, {512, 10}}) {
      shapes.push_back({"forward", batch, in, out, false, false});
      shapes.push_back({"weight_gradient", in, batch, out, true, false});
      shapes.push_back({"input_gradient", batch, out, in, false, true});
    }
  }
  return shapes;
}

std::string name_of(const Shape& shape) {
  return shape.name + " " + std::to_string(shape.m) + "x" + std::to_string(shape.k) + "x" +
         std::to_string(shape.n);
}

/// Cache-line aligned random operands of a shape.
class Operands {
 public:
  explicit Operands(const Shape& s) : a_(s.m * s.k), b_(s.k * s.n), c_(s.m * s.n) {
    for (FloatBuffer* buffer : {&a_, &b_}) {
      for (int64_t i = 0; i < buffer->size; ++i) {
        buffer->data[i] = kernels::random_unit({1, 0, 0}, static_cast<uint64_t>(i)) - 0.5f;
      }
    }
    product_.a = s.transpose_a ? kernels::dense_view<const float>(a_.data, s.k, s.m)
                               : kernels::dense_view<const float>(a_.data, s.m, s.k);
    product_.transpose_a = s.transpose_a;
    product_.b = s.transpose_b ? kernels::dense_view<const float>(b_.data, s.n, s.k)
                               : kernels::dense_view<const float>(b_.data, s.k, s.n);
    product_.transpose_b = s.transpose_b;
    product_.c = kernels::dense_view(c_.data, s.m, s.n);
  }
  const kernels::MatrixProduct& product() const { return product_; }

 private:
  struct FloatBuffer {
    explicit FloatBuffer(int64_t n)
        : size(n), data(new (std::align_val_t{64}) float[static_cast<size_t>(n)]()) {}
    ~FloatBuffer() { ::operator delete[](data, std::align_val_t{64}); }
    FloatBuffer(const FloatBuffer&) = delete;
    FloatBuffer& operator=(const FloatBuffer&) = delete;
    int64_t size;
    float* data;
  };
  FloatBuffer a_, b_, c_;
  kernels::MatrixProduct product_;
};

struct Options {
  int n_threads = 1;
  int repeats = 7;
  std::string path;
  std::string only;
  std::string json;
};

/// Seconds of one call, measured over about `budget` seconds of them.
double measure(const std::function<void()>& call, int n_threads, double budget) {
  const clockid_t clock = n_threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
  const int n_runs = n_threads == 1 ? 1 : 8;
  call();
  const double begin = seconds(clock);
  call();
  const double once = std::max(1e-7, seconds(clock) - begin);
  const int n_calls = std::max(1, static_cast<int>(budget / n_runs / once));
  double best = 1e30;
  for (int run = 0; run < n_runs; ++run) {
    const double start = seconds(clock);
    for (int i = 0; i < n_calls; ++i) call();
    best = std::min(best, (seconds(clock) - start) / n_calls);
  }
  return best;
}

/// GFLOP/s of each contender, in their order.
std::vector<double> rates_of(const Shape& shape, const std::vector<Contender>& contenders,
                             const Options& options) {
  const Operands operands(shape);
  std::vector<std::function<void()>> calls;
  for (const Contender& contender : contenders) {
    calls.push_back(contender.prepare(operands.product()));
  }
  const double flops = 2.0 * static_cast<double>(shape.m * shape.k * shape.n);
  std::vector<std::vector<double>> samples(calls.size());
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    for (size_t i = 0; i < calls.size(); ++i) {
      if (options.n_threads > 1) let_threads_fall_asleep();
      const double budget = std::clamp(flops * 1e-10, 0.004, 0.2);
      samples[i].push_back(flops * 1e-9 / measure(calls[i], options.n_threads, budget));
    }
  }
  std::vector<double> rates;
  for (auto& sample : samples) rates.push_back(median(std::move(sample)));
  return rates;
}

kernels::CpuPath path_from(const std::string& name) {
  const std::optional<kernels::CpuPath> path = kernels::cpu_path_called(name);
  if (path) return *path;
  throw std::invalid_argument("--path " + name + ": this processor has " +
                              kernels::names_of_cpu_paths());
}

/// Prints one line for each shape and keeps the same as JSON.
class Report {
 public:
  explicit Report(const std::vector<Contender>& contenders) : contenders_(contenders) {
    std::printf("%-30s", "GFLOP/s");
    for (const Contender& contender : contenders) std::printf(" %12s", contender.name.c_str());
    std::printf(" %8s\n", "ratio");
  }
  void add(const Shape& shape, const std::vector<double>& rates) {
    double fastest_peer = 0.0;
    std::printf("%-30s", name_of(shape).c_str());
    rows_ += (rows_.empty() ? "" : ",\n") + ("    {\"product\": \"" + name_of(shape)) + "\"";
    for (size_t i = 0; i < rates.size(); ++i) {
      std::printf(" %12.1f", rates[i]);
      rows_ += ", \"" + contenders_[i].name + "\": " + std::to_string(rates[i]);
      if (contenders_[i].is_peer) fastest_peer = std::max(fastest_peer, rates[i]);
    }
    const double ratio = rates[0] / fastest_peer;
    std::printf(" %8.2f\n", ratio);
    std::fflush(stdout);
    rows_ += ", \"ratio\": " + std::to_string(ratio) + "}";
    worst_ = std::min(worst_, ratio);
    log_sum_ += std::log(ratio);
    ++n_rows_;
  }
  void finish(const Options& options) const {
    const double mean = std::exp(log_sum_ / std::max(1, n_rows_));
    std::printf("geometric mean of the ratios %.3f, smallest %.3f\n", mean, worst_);
    if (options.json.empty()) return;
    std::ofstream file(options.json);
    file << "{\n  \"threads\": " << options.n_threads << ",\n  \"repeats\": " << options.repeats
         << ",\n  \"path\": \"" << kernels::name_of(kernels::cpu_path()) << "\",\n  \"peers\": [";
    const auto versions = peer_versions();
    for (size_t i = 0; i < versions.size(); ++i) {
      file << (i == 0 ? "" : ", ") << '"' << versions[i] << '"';
    }
    file << "],\n  \"gflops\": [\n"
         << rows_ << "\n  ],\n  \"geometric_mean\": " << mean << ",\n  \"smallest\": " << worst_
         << "\n}\n";
  }

 private:
  const std::vector<Contender>& contenders_;
  std::string rows_;
  double worst_ = 1e9;
  double log_sum_ = 0.0;
  int n_rows_ = 0;
};

int run(const Options& options) {
  std::optional<kernels::CpuPathScope> scope;
  if (!options.path.empty()) scope.emplace(path_from(options.path));
  const engine::CpuThreads threads(options.n_threads);
  std::vector<Contender> contenders = {
      {"reprotrain", false, [&](const kernels::MatrixProduct& product) {
         return [&threads, product] { kernels::ordered_matmul(product, threads); };
       }}};
  for (const auto matmul :
       {kernels::MatmulSpecification::kInt8x2, kernels::MatmulSpecification::kInt8x3}) {
    contenders.push_back({std::string(kernels::name_of(matmul)), false,
                          [&threads, matmul](const kernels::MatrixProduct& product) {
                            return [&threads, matmul, product] {
                              kernels::multiply(matmul, product, threads);
                            };
                          }});
  }
  auto peers = peer_contenders(options.n_threads);
  std::move(peers.begin(), peers.end(), std::back_inserter(contenders));
  Report report(contenders);
  for (const Shape& shape : all_shapes()) {
    if (name_of(shape).find(options.only) == std::string::npos) continue;
    report.add(shape, rates_of(shape, contenders, options));
  }
  report.finish(options);
  return 0;
}

}  // namespace
}  // namespace reprotrain::bench

int main(int argc, char** argv) {
  using namespace reprotrain::bench;
  Options options;
  CommandLine line("bench_matmul", "Matrix products beside OpenBLAS and oneDNN: GFLOP/s.");
  line.option("--threads", options.n_threads, "threads of every contender");
  line.option("--repeats", options.repeats, "rounds, of which the median counts");
  line.option("--path", options.path,
              "the path of our products: " + reprotrain::kernels::names_of_cpu_paths());
  line.option("--only", options.only, "only products whose name contains this");
  line.option("--json", options.json, "file for the figures");
  return line.run(argc, argv, [&options] { return run(options); });
}
