// SPDX-License-Identifier: Apache-2.0
// What a check found: a difference is a result, not an error.
#pragma once

#include <string>
#include <vector>

namespace reprotrain::harness {

struct Finding {
  std::string check;     ///< name of the check: "trace", "files", "steps", ...
  std::string where;     ///< file, stage, step or tensor
  std::string expected;  ///< what the record says; may be empty
  std::string actual;    ///< what was found; may be empty
};

using Findings = std::vector<Finding>;

}  // namespace reprotrain::harness
