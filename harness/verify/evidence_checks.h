// SPDX-License-Identifier: Apache-2.0
// Checks of a run directory against itself: no re-execution, no data needed.
#pragma once

#include <span>

#include "harness/verify/finding.h"
#include "harness/verify/run_evidence.h"

namespace reprotrain::harness {

/// One check. To add one: write its function, and a line in the list in evidence_checks.cpp; the test
/// of the list then asks for a planted fault that the check must catch.
struct EvidenceCheck {
  const char* name;
  const char* question;  ///< what it makes sure of, for `verify --explain` and the documentation
  Findings (*run)(const RunEvidence& evidence);
};

std::span<const EvidenceCheck> evidence_checks();

/// Findings of all checks, in list order; empty: the evidence is consistent.
Findings check_evidence(const RunEvidence& evidence);

}  // namespace reprotrain::harness
