// SPDX-License-Identifier: Apache-2.0
// Runs every conformance check on a device and judges it by the known answers.
//
// Why: "the same bits on any machine" is a claim about this machine too. Whoever doubts it runs the
// self-test: a table of operator, specification, device, cases and verdict, in seconds.
// See also: check_list.h (what is checked), docs/arithmetic.md (what the answers mean).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/conformance/check_list.h"
#include "kernels/conformance/golden.h"
#include "kernels/conformance/operator_device.h"

namespace reprotrain::kernels {

enum class Verdict {
  kSame,        ///< every case gave the golden bits
  kDiffers,     ///< at least one did not
  kNotOffered,  ///< the device has no such operator; nothing was checked
  kFailed,      ///< the device threw: an error of the machine, which proves nothing about bits
};

/// "same bits", "BITS DIFFER", "not offered", "failed".
std::string_view name_of(Verdict verdict);

struct OperatorVerdict {
  std::string_view operation;
  std::string_view specification;
  std::string device;
  int64_t n_cases = 0;   ///< that were run
  int64_t n_oracle = 0;  ///< of them, with independently computed answers
  int64_t n_wrong = 0;
  int64_t n_not_offered = 0;  ///< cases that the device left out; they prove nothing
  Verdict verdict = Verdict::kNotOffered;
  std::string first_fault;  ///< a sentence about the first wrong case
  std::string failure;      ///< why the device failed, and at which case
};

/// Judges one check by `cases`, up to the one at which the device fails. No case at all counts as a
/// difference: a missing golden value is a fault.
OperatorVerdict judge(const ConformanceCheck& check, std::span<const GoldenCase> cases,
                      OperatorDevice& device);

/// One verdict for each check, in the order of the list; the last one is kFailed where the device
/// failed, and the checks after it are absent.
std::vector<OperatorVerdict> run_conformance(OperatorDevice& device);

/// Whether nothing differs, nothing failed and something was checked.
bool conforms(std::span<const OperatorVerdict> verdicts);

/// A sentence about the first failure among them, naming its device; empty where nothing failed.
std::string failure_among(std::span<const OperatorVerdict> verdicts);

/// For people: an aligned table, one line for each verdict, then the faults.
std::string conformance_table(std::span<const OperatorVerdict> verdicts);
/// For programs: {"conforms": ..., "verdicts": [{"operator": ..., ...}]}, ending in a newline.
std::string conformance_json(std::span<const OperatorVerdict> verdicts);

}  // namespace reprotrain::kernels
