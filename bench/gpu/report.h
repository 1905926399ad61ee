// SPDX-License-Identifier: Apache-2.0
// The benchmark's results for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "bench/gpu/comparison.h"

namespace reprotrain::bench {

/// The machine that measured.
struct Machine {
  std::string gpu;
  std::string compute_capability;
  int n_multiprocessors = 0;
  std::string driver_version;
  std::string runtime_version;
  std::string cublas_version;
  std::string commit;
};

/// Everything that was found out, up to now.
struct Report {
  Machine machine;
  std::vector<std::string> faults;  ///< sentences: bits that differ, parts that failed
  std::vector<Result> results;
  bool is_complete = false;
};

Machine this_machine(const std::string& cublas_version, const std::string& commit);

std::string markdown_report(const Report& report);
std::string json_report(const Report& report);

}  // namespace reprotrain::bench
