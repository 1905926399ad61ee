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

/// What the emulated device says of itself, and its driver.
struct EmulatedMachine {
  int driver_version = CUDART_VERSION;  ///< 0: there is no driver
  int major = 8;                        ///< compute capability
  int minor = 0;
  bool has_code = true;  ///< false: CUDA finds no code for the device in the program
};

/// Another machine until the end of the scope: with an older driver every call fails as CUDA's do.
class EmulatedMachineScope {
 public:
  explicit EmulatedMachineScope(const EmulatedMachine& machine);
  ~EmulatedMachineScope();
  EmulatedMachineScope(const EmulatedMachineScope&) = delete;
  EmulatedMachineScope& operator=(const EmulatedMachineScope&) = delete;
};

const EmulatedMachine& emulated_machine();

/// Counts a call of the runtime; its error, if it has to fail.
cudaError_t fault_of_next_call();

}  // namespace reprotrain::emulated_cuda
