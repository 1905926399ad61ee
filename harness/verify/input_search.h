// SPDX-License-Identifier: Apache-2.0
// Finding the data of a recorded run, wherever it lies now.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/config/run_config.h"
#include "harness/verify/run_evidence.h"

namespace reprotrain::harness {

/// Where else to look than at the recorded path.
struct InputPlaces {
  std::map<std::string, std::string> path_of_role;  ///< --data ROLE=PATH
  std::string root;                                 ///< --data-root DIR, searched recursively
};

/// Splits "ROLE=PATH" arguments. Throws Error(kUsage) naming the argument.
std::map<std::string, std::string> parse_role_paths(const std::vector<std::string>& arguments);

/// Points `config.data` at files that hold the recorded content.
///
/// A file qualifies by its SHA-256 or, stored in another format, by its content id. Throws
/// Error(kInconclusive) naming content id, role and rows when no file qualifies, and what a file named
/// with --data holds instead.
void locate_inputs(const RunEvidence& evidence, const InputPlaces& places, RunConfig& config);

}  // namespace reprotrain::harness
