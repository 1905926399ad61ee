// SPDX-License-Identifier: Apache-2.0
// Makes the emulated device fall away: from some call of the runtime on, every call fails.
#pragma once

#include <cstdint>

#include "tests/emulated_cuda/runtime_api.h"

namespace reprotrain::emulated_cuda {

/// Until the end of the scope, calls number `first_failing` and later fail with `code`, launches among them;
/// counted from 0 at its beginning.
class RuntimeFaultScope {
 public:
  RuntimeFaultScope(uint64_t first_failing, cudaError_t code);
  ~RuntimeFaultScope();
  RuntimeFaultScope(const RuntimeFaultScope&) = delete;
  RuntimeFaultScope& operator=(const RuntimeFaultScope&) = delete;

  /// Calls since its beginning.
  uint64_t n_calls() const;
};

/// Counts a call of the runtime; its error, if it has to fail.
cudaError_t fault_of_next_call();

}  // namespace reprotrain::emulated_cuda
