// SPDX-License-Identifier: Apache-2.0
// A finished run directory, read for judging.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "harness/record/run_directory.h"
#include "harness/record/trace.h"

namespace reprotrain::harness {

struct RunEvidence {
  RunPaths paths;
  nlohmann::json record;
  ReadTrace trace;  ///< empty when the run left none (it failed before training)
};

/// Reads run.json (whose own digest must hold) and the trace. Throws Error(kEvidence) naming the file.
RunEvidence read_evidence(const std::string& run_directory);

}  // namespace reprotrain::harness
