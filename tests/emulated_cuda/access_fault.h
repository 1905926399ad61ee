// SPDX-License-Identifier: Apache-2.0
// Turns a processor fault of a kernel thread (a guard page, a misaligned vector) into a jump to
// where that thread began.
#pragma once

#include <csetjmp>
#include <csignal>
#include <cstddef>
#include <vector>

namespace reprotrain::emulated_cuda {

struct AccessFault {
  int signal = 0;
  const void* address = nullptr;
};

/// Handles the faults of the calling thread until the end of the scope; one at a time.
class AccessFaultScope {
 public:
  AccessFaultScope();
  ~AccessFaultScope();
  AccessFaultScope(const AccessFaultScope&) = delete;
  AccessFaultScope& operator=(const AccessFaultScope&) = delete;

 private:
  std::vector<std::byte> stack_;
  stack_t previous_stack_{};
};

/// Where a fault goes; nullptr while no kernel thread runs.
void set_escape(sigjmp_buf* escape);

/// What happened, after the jump.
AccessFault last_access_fault();

}  // namespace reprotrain::emulated_cuda
