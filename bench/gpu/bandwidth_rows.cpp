// SPDX-License-Identifier: Apache-2.0
#include "bench/gpu/bandwidth_rows.h"

#include "kernels/base/cuda_error.h"
#include "kernels/elementwise/elementary_array_cuda.h"

namespace reprotrain::bench {

namespace {

namespace rounded = kernels::rounded;

struct ElementwiseKernel {
  const char* name;
  void (*run)(const float* x, float* y, int64_t n, cudaStream_t stream);
  double target_ratio;
};

constexpr ElementwiseKernel kElementwise[] = {
    {"exp", rounded::exp_array_cuda, 0.85},
    {"log", rounded::log_array_cuda, 0.85},
    {"log1p", rounded::log1p_array_cuda, 0.0},
    {"expm1", rounded::expm1_array_cuda, 0.0},
    {"tanh", rounded::tanh_array_cuda, 0.0},
    {"sigmoid", rounded::sigmoid_array_cuda, 0.0},
    {"erf", rounded::erf_array_cuda, 0.0},
    {"gelu", rounded::gelu_array_cuda, 0.0},
    {"gelu_derivative", rounded::gelu_derivative_array_cuda, 0.0},
};

}  // namespace

std::vector<Row> bandwidth_rows(const DeviceMemory& memory) {
  const int64_t n = memory.a.size();
  const auto bytes = static_cast<double>(n) * sizeof(float);
  const Side copy{"copy", 2.0 * bytes, [&memory, n](cudaStream_t stream) {
                    kernels::check_cuda(cudaMemcpyAsync(memory.peers.data(), memory.b.data(),
                                                        static_cast<size_t>(n) * sizeof(float),
                                                        cudaMemcpyDeviceToDevice, stream),
                                        "cudaMemcpyAsync");
                  }};
  std::vector<Row> rows;
  for (const ElementwiseKernel& kernel : kElementwise) {
    const Side ours{kernel.name, 2.0 * bytes, [&memory, n, kernel](cudaStream_t stream) {
                      kernel.run(memory.a.data(), memory.ours.data(), n, stream);
                    }};
    rows.push_back({"Share of copy bandwidth", std::to_string(n) + " numbers", "GB/s", ours, copy,
                    kernel.target_ratio});
  }
  return rows;
}

}  // namespace reprotrain::bench
