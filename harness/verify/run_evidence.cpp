// SPDX-License-Identifier: Apache-2.0
#include "harness/verify/run_evidence.h"

#include <filesystem>

#include "harness/record/run_record.h"
#include "include/reprotrain/error.h"

namespace reprotrain::harness {

RunEvidence read_evidence(const std::string& run_directory) {
  RunEvidence evidence{RunPaths(run_directory), {}, {}};
  if (!std::filesystem::is_directory(evidence.paths.root)) {
    throw Error(ErrorKind::kUsage,
                evidence.paths.root + ": is no directory; name the directory of a finished run");
  }
  evidence.record = read_record(evidence.paths.record);
  if (std::filesystem::exists(evidence.paths.trace)) {
    evidence.trace = read_trace(evidence.paths.trace);
  }
  return evidence;
}

}  // namespace reprotrain::harness
