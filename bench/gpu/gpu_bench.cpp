// SPDX-License-Identifier: Apache-2.0
// Proves the kernels on this GPU, then measures them beside cuBLAS and a copy.
//
//   gpu_bench [--repetitions N] [--json FILE] [--markdown FILE] [--commit TEXT]
//
// Known answers first. The report is written after every row, so that whatever ends the program
// early, what was measured is there; a part that fails is a fault in it, and the next part runs.
// Exit status: 0 measured, 1 some bits differ or a part failed, 2 usage, 77 no GPU. See
// scripts/gpu-bench.sh.
#include <cuda_runtime_api.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/command_line.h"
#include "bench/gpu/bandwidth_rows.h"
#include "bench/gpu/cublas_peer.h"
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

void prove(std::vector<std::string>& faults) {
  const auto device = kernels::cuda_device(0);
  const std::vector<kernels::OperatorVerdict> verdicts = kernels::run_conformance(*device);
  std::cout << kernels::conformance_table(verdicts) << std::flush;
  for (const kernels::OperatorVerdict& verdict : verdicts) {
    const bool differs = verdict.verdict == kernels::Verdict::kDiffers;
    if (!differs && verdict.verdict != kernels::Verdict::kFailed) continue;
    faults.push_back(std::string(verdict.operation) + ": " + verdict.first_fault + verdict.failure);
  }
  if (faults.empty() && !kernels::conforms(verdicts)) faults.push_back("no operator was checked");
}

void write(const std::string& file_name, const std::string& text) {
  if (file_name.empty()) return;
  std::ofstream file(file_name);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + file_name);
}

void write(const Options& options, const Report& report) {
  write(options.markdown_file, markdown_report(report));
  write(options.json_file, json_report(report));
}

/// Runs a part of the benchmark; where it fails, the report says so.
template <class Part>
void attempt(const char* name, Report& report, const Part& part) {
  try {
    part();
  } catch (const std::exception& error) {
    report.faults.push_back(std::string(name) + ": " + error.what());
    std::cerr << report.faults.back() << std::endl;
    cudaGetLastError();
  }
}

void measure(const std::vector<Row>& rows, const Options& options, Report& report) {
  for (const Row& row : rows) {
    std::cerr << row.group << ": " << row.name << ", " << row.ours.name << std::endl;
    try {
      report.results.push_back(compare(row, options.n_repetitions, nullptr));
    } catch (const std::runtime_error& error) {
      cudaGetLastError();  // a refused launch leaves no lasting harm
      report.results.push_back(skipped(row, error.what()));
    }
    write(options, report);
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

std::unique_ptr<CublasPeer> cublas_peer(std::string& version) {
  try {
    auto peer = std::make_unique<CublasPeer>();
    version = peer->version();
    return peer;
  } catch (const std::runtime_error& error) {
    version = std::string("none: ") + error.what();
    return nullptr;
  }
}

void measure_everything(const Options& options, Report& report, CublasPeer* cublas) {
  constexpr int64_t kLargest = 8192;
  DeviceMemory memory(kLargest * kLargest,
                      kernels::sliced_workspace_bytes({kLargest, kLargest, kLargest}, {3}));
  const kernels::DeviceArray<unsigned char> library_memory(int64_t{64} << 20);
  const auto gemm = tensor_cores(library_memory);
  const MatmulTools tools{memory, cublas, gemm.get(), report.machine.n_multiprocessors};
  attempt("comparison of products", report, [&] {
    for (const std::string& difference : matmul_differences(tools)) {
      report.faults.push_back(difference);
    }
  });
  measure(matmul_rows(tools), options, report);
  const BandwidthMemory bandwidth_memory(memory);
  measure(bandwidth_rows(bandwidth_memory), options, report);
}

int run(const Options& options) {
  int n_devices = 0;
  const cudaError_t code = cudaGetDeviceCount(&n_devices);
  if (code != cudaSuccess || n_devices == 0) {
    std::cerr << "gpu_bench: no GPU: " << cudaGetErrorString(code) << "\n";
    return 77;
  }
  std::string cublas_version;
  const auto cublas = cublas_peer(cublas_version);
  Report report;
  report.machine = this_machine(cublas_version, options.commit);
  attempt("known answers", report, [&] { prove(report.faults); });
  write(options, report);
  attempt("measurement", report, [&] {
    measure_everything(options, report, cublas.get());
    report.is_complete = true;
  });
  write(options, report);
  std::cout << "\n" << markdown_report(report);
  return report.faults.empty() ? 0 : 1;
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
