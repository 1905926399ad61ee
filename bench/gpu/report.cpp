// SPDX-License-Identifier: Apache-2.0
#include "bench/gpu/report.h"

#include <cuda_runtime_api.h>

#include <cstdio>
#include <sstream>

#include "bench/gpu/device_state.h"
#include "kernels/base/cuda_error.h"

namespace reprotrain::bench {

namespace {

std::string fixed(double value, int n_digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", n_digits, value);
  return text;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

std::string cuda_version(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string list_of(const std::vector<double>& values) {
  std::string out = "[";
  for (size_t i = 0; i < values.size(); ++i) out += (i > 0 ? ", " : "") + fixed(values[i], 6);
  return out + "]";
}

std::string json_row(const Result& result) {
  const Row& row = result.row;
  std::string out = "{\"group\": " + quoted(row.group) + ", \"name\": " + quoted(row.name) +
                    ", \"ours\": " + quoted(row.ours.name) + ", \"peer\": " + quoted(row.peer.name);
  if (!result.skipped.empty()) return out + ", \"skipped\": " + quoted(result.skipped) + "}";
  const std::string peer_rate = result.has_peer() ? fixed(result.peer_rate, 3) : "null";
  const std::string ratio = result.has_peer() ? fixed(result.ratio, 4) : "null";
  return out + ", \"unit\": " + quoted(row.unit) + ", \"our_rate\": " + fixed(result.our_rate, 3) +
         ", \"peer_rate\": " + peer_rate + ", \"ratio\": " + ratio +
         ", \"device_state\": " + quoted(result.device_state) +
         ", \"target_ratio\": " + fixed(row.target_ratio, 2) +
         ", \"our_ms\": " + list_of(result.times.ours) +
         ", \"peer_ms\": " + list_of(result.times.peer) + "}";
}

std::string markdown_row(const Result& result) {
  const Row& row = result.row;
  const std::string head = "| " + row.name + " | " + row.ours.name + " | " + row.peer.name + " | ";
  if (!result.skipped.empty()) return head + "skipped: " + result.skipped + " | | | |\n";
  const std::string our_rate = fixed(result.our_rate, 1) + " " + row.unit;
  if (!result.has_peer()) return head + our_rate + " | not here | | |\n";
  const std::string target = row.target_ratio > 0.0 ? fixed(row.target_ratio, 2) : "";
  const std::string missed =
      row.target_ratio > 0.0 && result.ratio < row.target_ratio ? " (missed)" : "";
  return head + our_rate + " | " + fixed(result.peer_rate, 1) + " | " + fixed(result.ratio, 3) +
         " | " + target + missed + " |\n";
}

}  // namespace

Machine this_machine(const std::string& cublas_version, const std::string& commit) {
  cudaDeviceProp properties{};
  int device = 0, driver = 0, runtime = 0;
  kernels::check_cuda(cudaGetDevice(&device), "cudaGetDevice");
  kernels::check_cuda(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
  kernels::check_cuda(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  kernels::check_cuda(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  return {properties.name,
          std::to_string(properties.major) + "." + std::to_string(properties.minor),
          properties.multiProcessorCount,
          cuda_version(driver),
          cuda_version(runtime),
          cublas_version,
          commit};
}

std::string markdown_report(const Report& report) {
  const Machine& machine = report.machine;
  std::ostringstream out;
  out << "# GPU benchmark\n\n"
      << machine.gpu << ", compute capability " << machine.compute_capability << ", "
      << machine.n_multiprocessors << " multiprocessors; driver for CUDA " << machine.driver_version
      << ", runtime " << machine.runtime_version << ", cuBLAS " << machine.cublas_version
      << "; commit " << machine.commit << ".\n"
      << "Both sides timed in turn with CUDA events; medians. Ratio: our rate over the peer's.\n"
      << "Small products find their operands in the second-level cache, on both sides.\n";
  for (const std::string& fault : report.faults) out << "\nFAULT: " << fault << "\n";
  if (!report.is_complete) out << "\nNot complete.\n";
  std::string group;
  for (const Result& result : report.results) {
    if (result.row.group != group) {
      group = result.row.group;
      out << "\n## " << group << "\n\n| Work | Ours | Peer | Our rate | Peer's | Ratio | Target |\n"
          << "|---|---|---|---|---|---|---|\n";
    }
    out << markdown_row(result);
  }
  return out.str();
}

std::string json_report(const Report& report) {
  const Machine& machine = report.machine;
  std::ostringstream out;
  out << "{\"gpu\": " << quoted(machine.gpu)
      << ", \"compute_capability\": " << quoted(machine.compute_capability)
      << ", \"n_multiprocessors\": " << machine.n_multiprocessors
      << ", \"driver\": " << quoted(machine.driver_version)
      << ", \"runtime\": " << quoted(machine.runtime_version)
      << ", \"cublas\": " << quoted(machine.cublas_version)
      << ", \"commit\": " << quoted(machine.commit)
      << ",\n \"complete\": " << (report.is_complete ? "true" : "false")
      << ", \"device_state_fields\": " << quoted(kDeviceStateFields) << ",\n \"faults\": [";
  for (size_t i = 0; i < report.faults.size(); ++i) {
    out << (i > 0 ? ", " : "") << quoted(report.faults[i]);
  }
  out << "],\n \"rows\": [\n";
  for (size_t i = 0; i < report.results.size(); ++i) {
    out << "  " << json_row(report.results[i]) << (i + 1 < report.results.size() ? ",\n" : "\n");
  }
  out << "]}\n";
  return out.str();
}

}  // namespace reprotrain::bench
