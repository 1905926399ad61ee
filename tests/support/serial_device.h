// SPDX-License-Identifier: Apache-2.0
// A device for tests that have no wish about threads.
#pragma once

#include "engine/device/cpu_device.h"

namespace reprotrain::testing {

/// The CPU, on the calling thread.
inline engine::ComputeDevice& serial_device() {
  static const kernels::SerialParallel serial;
  static engine::CpuDevice device(serial);
  return device;
}

}  // namespace reprotrain::testing
