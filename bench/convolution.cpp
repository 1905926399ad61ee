// SPDX-License-Identifier: Apache-2.0
// Convolutions and their gradients beside oneDNN, in one process: GFLOP/s of fma32 ("reprotrain") and of
// integer slices, of oneDNN with images as they are (NHWC) and in the layout it prefers, and the
// ratio of fma32 to the faster of the two.
//
//   bench_convolution [--threads N] [--images N] [--only TEXT]      (--help lists the options)
//
// Contenders take turns; the median of the repeats counts. One thread is timed by the processor time
// of the thread, more of them by the wall clock.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <vector>

#include "bench/command_line.h"
#include "bench/convolution_peers.h"
#include "bench/timing.h"
#include "engine/device/cpu_threads.h"
#include "kernels/base/cpu_path.h"
#include "kernels/random/philox.h"

namespace reprotrain::bench {
namespace {

using kernels::Convolution;
using kernels::MatmulSpecification;

struct Shape {
  std::string name;
  Convolution convolution;
};

std::vector<Shape> all_shapes() {
  const auto square = [](int64_t size, int64_t kernel, int64_t stride, int64_t padding) {
    return kernels::WindowAxis{size, kernel, stride, 1, padding, padding};
  };
  const auto shape = [&](std::string name, int64_t size, int64_t kernel, int64_t stride, int64_t in,
                         int64_t out) {
    const auto axis = square(size, kernel, stride, kernel / 2);
    return Shape{std::move(name), {axis, axis, in, out, 1}};
  };
  return {shape("3x3 64-64 at 56", 56, 3, 1, 64, 64),
          shape("7x7/2 3-64 at 224", 224, 7, 2, 3, 64),
          shape("3x3/2 64-128 at 56", 56, 3, 2, 64, 128),
          shape("3x3 256-256 at 14", 14, 3, 1, 256, 256),
          shape("1x1 256-64 at 56", 56, 1, 1, 256, 64),
          shape("5x5 6-16 at 14", 14, 5, 1, 6, 16)};
}

/// Random numbers, at the start of a cache line.
class Numbers {
 public:
  explicit Numbers(int64_t n)
      : data_(new (std::align_val_t{64}) float[static_cast<size_t>(std::max<int64_t>(n, 1))]) {
    for (int64_t i = 0; i < n; ++i) {
      data_[i] = kernels::random_unit({1, 0, 0}, static_cast<uint64_t>(i)) - 0.5f;
    }
  }
  ~Numbers() { ::operator delete[](data_, std::align_val_t{64}); }
  Numbers(const Numbers&) = delete;
  Numbers& operator=(const Numbers&) = delete;
  float* data() const { return data_; }

 private:
  float* data_;
};

class Operands {
 public:
  Operands(const Convolution& c, int64_t n)
      : images_(n * c.n_inputs()),
        weight_(c.n_weight_rows() * c.n_channels_out),
        delta_(n * c.n_outputs()),
        outputs_(n * c.n_outputs()),
        weight_gradient_(c.n_weight_rows() * c.n_channels_out),
        image_gradient_(n * c.n_inputs()) {
    const auto dense = [](const Numbers& numbers, int64_t rows, int64_t columns) {
      return kernels::dense_view(numbers.data(), rows, columns);
    };
    operands_ = {c,
                 dense(images_, n, c.n_inputs()),
                 dense(weight_, c.n_weight_rows(), c.n_channels_out),
                 dense(delta_, n, c.n_outputs()),
                 dense(outputs_, n, c.n_outputs()),
                 dense(weight_gradient_, c.n_weight_rows(), c.n_channels_out),
                 dense(image_gradient_, n, c.n_inputs())};
  }
  const ConvolutionOperands& get() const { return operands_; }

 private:
  Numbers images_, weight_, delta_, outputs_, weight_gradient_, image_gradient_;
  ConvolutionOperands operands_;
};

struct Options {
  int n_threads = 1;
  int n_images = 4;
  int repeats = 7;
  int chunk_rows = 0;
  std::string path;
  std::string only;
  std::string pass;
};

struct Contender {
  std::string name;
  ConvolutionCall call;
};

/// The contenders of one pass, ours first.
std::vector<Contender> contenders_of(const std::string& pass, const ConvolutionOperands& o,
                                     const Options& options, const kernels::Parallel& threads) {
  std::vector<Contender> contenders;
  for (const auto product :
       {MatmulSpecification::kFma32, MatmulSpecification::kInt8x2, MatmulSpecification::kInt8x3}) {
    const std::string name =
        product == MatmulSpecification::kFma32 ? "reprotrain" : std::string(name_of(product));
    const kernels::PatchChunk chunk{options.chunk_rows};
    if (pass == "forward") {
      const kernels::ConvolutionForward call{o.convolution, product, o.images, o.weight, {},
                                             o.outputs,     chunk};
      contenders.push_back({name, [call, &threads] { convolution_forward(call, threads); }});
    } else if (pass == "weight_gradient") {
      const kernels::ConvolutionWeightGradient call{o.convolution, product,           o.images,
                                                    o.delta,       o.weight_gradient, {}};
      contenders.push_back(
          {name, [call, &threads] { convolution_weight_gradient(call, threads); }});
    } else {
      const kernels::ConvolutionInputGradient call{o.convolution, product,          o.delta,
                                                   o.weight,      o.image_gradient, chunk};
      contenders.push_back({name, [call, &threads] { convolution_input_gradient(call, threads); }});
    }
  }
  const auto peer = pass == "forward"           ? dnnl_forward
                    : pass == "weight_gradient" ? dnnl_weight_gradient
                                                : dnnl_input_gradient;
  contenders.push_back({"dnnl_nhwc", peer(o, DnnlLayout::kAsGiven)});
  contenders.push_back({"dnnl_own", peer(o, DnnlLayout::kPreferred)});
  return contenders;
}

/// Seconds of one call, over about `budget` seconds of them.
double measure(const ConvolutionCall& call, int n_threads, double budget) {
  const clockid_t clock = n_threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
  const double begin = seconds(clock);
  call();
  const double once = std::max(1e-7, seconds(clock) - begin);
  const int n_calls = std::max(1, static_cast<int>(budget / once));
  const double start = seconds(clock);
  for (int i = 0; i < n_calls; ++i) call();
  return (seconds(clock) - start) / n_calls;
}

void report_pass(const Shape& shape, const std::string& pass, const ConvolutionOperands& operands,
                 const Options& options, const kernels::Parallel& threads) {
  const auto contenders = contenders_of(pass, operands, options, threads);
  const Convolution& c = shape.convolution;
  const double gigaflops = 2e-9 * static_cast<double>(operands.images.n_rows * c.n_windows() *
                                                      c.n_weight_rows() * c.n_channels_out);
  std::vector<std::vector<double>> samples(contenders.size());
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    for (size_t i = 0; i < contenders.size(); ++i) {
      samples[i].push_back(gigaflops / measure(contenders[i].call, options.n_threads, 0.02));
    }
  }
  std::printf("%-36s", (shape.name + " " + pass).c_str());
  std::vector<double> rates;
  for (auto& sample : samples) rates.push_back(median(std::move(sample)));
  for (const double rate : rates) std::printf(" %10.1f", rate);
  std::printf(" %8.2f\n", rates[0] / std::max(rates[3], rates[4]));
  std::fflush(stdout);
}

int run(const Options& options) {
  std::optional<kernels::CpuPathScope> scope;
  if (!options.path.empty()) {
    const auto path = kernels::cpu_path_called(options.path);
    if (!path) throw std::invalid_argument("--path " + options.path + ": not on this processor");
    scope.emplace(*path);
  }
  const engine::CpuThreads threads(options.n_threads);
  set_dnnl_threads(options.n_threads);
  std::printf("%s, %d thread(s), %d images, path %s\n", dnnl_name().c_str(), options.n_threads,
              options.n_images, std::string(kernels::name_of(kernels::cpu_path())).c_str());
  std::printf("%-36s %10s %10s %10s %10s %10s %8s\n", "GFLOP/s", "reprotrain", "int8x2", "int8x3",
              "dnnl_nhwc", "dnnl_own", "ratio");
  for (const Shape& shape : all_shapes()) {
    if (shape.name.find(options.only) == std::string::npos) continue;
    const Operands operands(shape.convolution, options.n_images);
    for (const std::string pass : {"forward", "weight_gradient", "input_gradient"}) {
      if (pass.find(options.pass) == std::string::npos) continue;
      report_pass(shape, pass, operands.get(), options, threads);
    }
  }
  return 0;
}

}  // namespace
}  // namespace reprotrain::bench

int main(int argc, char** argv) {
  using namespace reprotrain::bench;
  Options options;
  CommandLine line("bench_convolution", "Convolutions beside oneDNN: GFLOP/s.");
  line.option("--threads", options.n_threads, "threads of every contender");
  line.option("--images", options.n_images, "images of a batch");
  line.option("--repeats", options.repeats, "rounds, of which the median counts");
  line.option("--chunk", options.chunk_rows, "rows of patches at a time; 0: as the kernel chooses");
  line.option("--path", options.path,
              "the path of our products: " + reprotrain::kernels::names_of_cpu_paths());
  line.option("--only", options.only, "only convolutions whose name contains this");
  line.option("--pass", options.pass, "only passes whose name contains this");
  return line.run(argc, argv, [&options] { return run(options); });
}
