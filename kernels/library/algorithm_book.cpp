// SPDX-License-Identifier: Apache-2.0
#include "kernels/library/algorithm_book.h"

namespace reprotrain::kernels {

std::optional<std::string> AlgorithmBook::recorded(const std::string& operation) const {
  const auto found = choices_.find(operation);
  if (found != choices_.end()) return found->second;
  if (is_complete_) {
    throw ReplayError(ReplayError::Why::kNotValid,
                      "the record names no algorithm for " + operation + ", which this run needs");
  }
  return std::nullopt;
}

}  // namespace reprotrain::kernels
