// SPDX-License-Identifier: Apache-2.0
// Two runs of one configuration, compared stage by stage and step by step.
#pragma once

#include <optional>

#include "harness/verify/finding.h"
#include "harness/verify/run_evidence.h"

namespace reprotrain::harness {

/// Everything in which `actual` (a re-execution) differs from `recorded`, in the order in which a run
/// computes it: data, split, features, first differing traced step, outputs, metrics, result id. The
/// first finding is where the bits part.
Findings compare_runs(const RunEvidence& recorded, const RunEvidence& actual);

/// The first difference between two traces: step and tensor (or loss, or batch).
std::optional<Finding> first_trace_difference(const ReadTrace& recorded, const ReadTrace& actual);

}  // namespace reprotrain::harness
