// SPDX-License-Identifier: Apache-2.0
// Two run directories side by side: what could have caused a difference, and what differs.
#pragma once

#include <cstdint>
#include <string>

#include "harness/config/json_value.h"
#include "harness/verify/finding.h"
#include "harness/verify/run_evidence.h"
#include "include/reprotrain/error.h"

namespace reprotrain::harness {

/// In every finding `expected` is run A's value and `actual` is run B's.
struct RunDiff {
  Findings
      causes;  ///< configuration, data, arithmetic, environment; those that decide results first
  Findings
      effects;  ///< in the order of computation: stages, first differing step, outputs, metrics, id
  int64_t n_causes_identical = 0;  ///< facts that both runs share
  int64_t n_effects_identical = 0;

  /// kSuccess when the runs have the same bits, else kBitsDiffer.
  ExitCode verdict() const;
};

/// Compares two finished runs by their evidence alone; nothing is executed. Traces with different
/// strides are compared at the steps that both have.
RunDiff diff_runs(const RunEvidence& a, const RunEvidence& b);

/// Reads both directories first. Throws Error(kEvidence) when a record or a trace is damaged, since
/// a difference would then mean nothing.
RunDiff diff_runs(const std::string& run_directory_a, const std::string& run_directory_b);

/// For people: causes, effects, and how many facts differ and are identical.
std::string run_diff_text(const RunDiff& diff);

/// For scripts: {"same_bits", "causes": [{"kind", "where", "a", "b"}], "effects",
/// "n_..._identical"}.
Json run_diff_json(const RunDiff& diff);

}  // namespace reprotrain::harness
