// SPDX-License-Identifier: Apache-2.0
// Verification of a run: first its evidence, then the run itself, done again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/run_observer.h"
#include "harness/verify/finding.h"
#include "harness/verify/input_search.h"
#include "include/reprotrain/error.h"

namespace reprotrain::harness {

struct VerifyOptions {
  std::string run_directory;
  InputPlaces inputs;
  std::string device = "auto";
  int threads = 0;             ///< 0: all processors
  bool evidence_only = false;  ///< do not execute the run again
};

struct VerifyReport {
  ExitCode verdict = ExitCode::kSuccess;  ///< kSuccess, kBitsDiffer or kInvalidEvidence
  Findings findings;               ///< in the order of computation; the first is where bits part
  std::string recorded_result_id;  ///< empty for a run that failed
  std::string actual_result_id;
  int64_t n_steps_compared = 0;  ///< traced steps
  bool executed = false;
};

/// Judges a finished run without ever writing into its directory.
///
/// Throws Error(kEvidence) when the record cannot be read, Error(kInconclusive) when this build or this
/// machine cannot decide (unknown arithmetic, missing input), and what a run throws.
VerifyReport verify_run(const VerifyOptions& options, engine::RunObserver& progress);

}  // namespace reprotrain::harness
