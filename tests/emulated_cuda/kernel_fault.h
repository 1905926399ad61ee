// SPDX-License-Identifier: Apache-2.0
// What is wrong with a kernel, found while it ran.
#pragma once

#include <stdexcept>
#include <string>

namespace reprotrain::emulated_cuda {

/// Thrown by the launch. The sentence names kernel, block, thread and schedule.
class KernelFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Thrown within a kernel thread, which ends with it.
struct ThreadFault {
  std::string what;
};

}  // namespace reprotrain::emulated_cuda
