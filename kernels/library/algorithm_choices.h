// SPDX-License-Identifier: Apache-2.0
// Which of a library's kernels computes which operation.
#pragma once

#include <map>
#include <string>

namespace reprotrain::kernels {

/// Operation -> choice; both are text that only the owner of the operation reads.
using AlgorithmChoices = std::map<std::string, std::string>;

}  // namespace reprotrain::kernels
