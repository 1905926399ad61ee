// SPDX-License-Identifier: Apache-2.0
// The sentence of the Error that an action throws, or a text no test expects.
#pragma once

#include <string>

#include "include/reprotrain/error.h"

namespace reprotrain::testing {

template <typename Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

}  // namespace reprotrain::testing
