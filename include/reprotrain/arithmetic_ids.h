// SPDX-License-Identifier: Apache-2.0
// The arithmetic specifications that this build implements, each a section of docs/arithmetic.md.
#pragma once

#include <string>
#include <vector>

namespace reprotrain {

/// Ids in ascending order. They are part of a run's record and of its result id: a change of any number
/// comes with another version of its id. `-draft` goes with version 1.0 of the program.
inline std::vector<std::string> arithmetic_ids() {
  return {
      "elementary32-v1-draft",   "exact-sum-v1-draft", "features-v1-draft",  "fma32-v1-draft",
      "initialisation-v1-draft", "layers-v1-draft",    "losses-v1-draft",    "metrics-v1-draft",
      "optimizers-v1-draft",     "philox-v1-draft",    "schedules-v1-draft", "shuffle-v1-draft",
  };
}

}  // namespace reprotrain
