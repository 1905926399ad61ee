// SPDX-License-Identifier: Apache-2.0
// Import speed of a CSV file, as one JSON line: MB/s (10^6 bytes of the file) and peak memory.
//
//   bench_csv_import FILE
// One import on one thread; bench/csv_beside_pandas.py repeats it beside pandas.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "bench/command_line.h"
#include "bench/timing.h"
#include "engine/data/csv_reader.h"

namespace {

// Of this program alone; getrusage would count what its parent used before it started this one.
int64_t peak_resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::atoll(line.c_str() + 6) * 1024;
  }
  return 0;
}

// Bytes of the values and codes: what a matrix of binary32 needs.
int64_t table_bytes(const reprotrain::engine::Table& table) {
  int64_t bytes = 0;
  for (const auto& column : table.columns) {
    bytes += static_cast<int64_t>(column.values.size() * sizeof(float) +
                                  column.codes.size() * sizeof(int32_t));
  }
  return bytes;
}

int measure(const std::string& path) {
  const auto size = static_cast<double>(std::filesystem::file_size(path));
  const double start = reprotrain::bench::seconds(CLOCK_MONOTONIC);
  const reprotrain::engine::Table table = reprotrain::engine::read_csv(path, {});
  const double elapsed = reprotrain::bench::seconds(CLOCK_MONOTONIC) - start;
  std::printf(
      "{\"rows\": %lld, \"columns\": %zu, \"seconds\": %.4f, \"megabytes_per_second\": %.1f, "
      "\"table_bytes\": %lld, \"peak_resident_bytes\": %lld}\n",
      static_cast<long long>(table.n_rows), table.columns.size(), elapsed, size / 1e6 / elapsed,
      static_cast<long long>(table_bytes(table)), static_cast<long long>(peak_resident_bytes()));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> files;
  reprotrain::bench::CommandLine line(
      "bench_csv_import", "Import speed of a CSV file on one thread, as a line of JSON.");
  line.words("FILE", files, 1, 1);
  return line.run(argc, argv, [&files] { return measure(files[0]); });
}
