// SPDX-License-Identifier: Apache-2.0
// Proves the kernels on this GPU, then measures them beside cuBLAS and a copy.
//
//   gpu_bench [--repetitions N] [--json FILE] [--markdown FILE] [--commit TEXT]
//
// Known answers first: a kernel with other bits is not worth measuring. Exit status: 0 measured,
// 1 some bits differ, 2 usage or a fault, 77 no GPU. See scripts/gpu-bench.sh.
#include <cuda_runtime_api.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/command_line.h"
#include "bench/gpu/bandwidth_rows.h"
#include "bench/gpu/matmul_rows.h"
#include "bench/gpu/report.h"
#include "kernels/base/cuda_error.h"
#include "kernels/conformance/conformance.h"
#include "kernels/conformance/cuda_device.h"
#include "kernels/matmul/cublaslt_int8_gemm.h"
#include "kernels/matmul/sliced_matmul_cuda.h"

namespace {

using namespace reprotrain;
using namespace reprotrain::bench;

struct Options {
  int n_repetitions = 7;
  std::string json_file, markdown_file;
  std::string commit = "unknown";
};

bool proves_itself() {
  const auto device = kernels::cuda_device(0);
  const std::vector<kernels::OperatorVerdict> verdicts = kernels::run_conformance(*device);
  std::cout << kernels::conformance_table(verdicts) << std::flush;
  return kernels::conforms(verdicts);
}

void write(const std::string& file_name, const std::string& text) {
  if (file_name.empty()) return;
  std::ofstream file(file_name);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + file_name);
}

void measure(const std::vector<Row>& rows, int n_repetitions, std::vector<Result>& results) {
  for (const Row& row : rows) {
    std::cerr << row.group << ": " << row.name << ", " << row.ours.name << std::endl;
    try {
      results.push_back(compare(row, n_repetitions, nullptr));
    } catch (const std::runtime_error& error) {
      cudaGetLastError();  // a refused launch leaves no lasting harm
      results.push_back(skipped(row, error.what()));
    }
  }
}

std::unique_ptr<kernels::Int8Gemm> tensor_cores(const kernels::DeviceArray<unsigned char>& memory) {
  try {
    return kernels::cublaslt_int8_gemm({memory.data(), static_cast<size_t>(memory.size())});
  } catch (const std::runtime_error& error) {
    std::cerr << "No integer products on tensor cores: " << error.what() << std::endl;
    return nullptr;
  }
}

int run(const Options& options) {
  int n_devices = 0;
  const cudaError_t code = cudaGetDeviceCount(&n_devices);
  if (code != cudaSuccess || n_devices == 0) {
    std::cerr << "gpu_bench: no GPU: " << cudaGetErrorString(code) << "\n";
    return 77;
  }
  if (!proves_itself()) return 1;
  constexpr int64_t kLargest = 8192;
  DeviceMemory memory(kLargest * kLargest,
                      kernels::sliced_workspace_bytes({kLargest, kLargest, kLargest}, {3}));
  const kernels::DeviceArray<unsigned char> library_memory(int64_t{64} << 20);
  const auto gemm = tensor_cores(library_memory);
  CublasPeer cublas;
  const Machine machine = this_machine(cublas.version(), options.commit);
  const MatmulTools tools{memory, cublas, gemm.get(), machine.n_multiprocessors};

  const std::vector<std::string> differences = matmul_differences(tools);
  for (const std::string& difference : differences) std::cout << difference << "\n";
  if (!differences.empty()) return 1;
  std::cout << "Every way to compute a product gives the same bits.\n\n" << std::flush;

  std::vector<Result> results;
  measure(matmul_rows(tools), options.n_repetitions, results);
  const BandwidthMemory bandwidth_memory(memory);
  measure(bandwidth_rows(bandwidth_memory), options.n_repetitions, results);
  const std::string markdown = markdown_report(machine, results);
  std::cout << markdown;
  write(options.markdown_file, markdown);
  write(options.json_file, json_report(machine, results));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CommandLine line("gpu_bench", "Proves the kernels on this GPU, then measures them beside peers.");
  line.option("--repetitions", options.n_repetitions, "rounds, of which the median counts");
  line.option("--json", options.json_file, "file for the figures");
  line.option("--markdown", options.markdown_file, "file for the same as tables");
  line.option("--commit", options.commit, "what the report calls these sources");
  return line.run(argc, argv, [&options] { return run(options); });
}
