// SPDX-License-Identifier: Apache-2.0
// Which of a library's kernels computes which operation, from the first time on.
//
// A library may choose among several kernels that give different bits. So a choice is written down,
// and an operation that was written down is done with the same kernel again, never with another.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "kernels/library/algorithm_choices.h"

namespace reprotrain::kernels {

/// A recorded choice cannot be used again.
class ReplayError : public std::runtime_error {
 public:
  enum class Why {
    kNotHere,   ///< the library does not have it on this device
    kNotValid,  ///< no run can have chosen it: the record was edited
  };
  ReplayError(Why why, const std::string& sentence) : std::runtime_error(sentence), why_(why) {}
  Why why() const { return why_; }

 private:
  Why why_;
};

class AlgorithmBook {
 public:
  /// With `is_complete`, operations that are not in `recorded` are refused.
  AlgorithmBook(AlgorithmChoices recorded, bool is_complete)
      : choices_(std::move(recorded)), is_complete_(is_complete) {}

  /// What was chosen for `operation`, or nothing. Throws ReplayError, with a sentence, where something
  /// had to be.
  std::optional<std::string> recorded(const std::string& operation) const;

  /// Notes that `operation` is done so from now on.
  void use(const std::string& operation, const std::string& choice) {
    choices_[operation] = choice;
  }
  /// What was recorded before, and what has been used since.
  const AlgorithmChoices& choices() const { return choices_; }

 private:
  AlgorithmChoices choices_;
  bool is_complete_;
};

}  // namespace reprotrain::kernels
