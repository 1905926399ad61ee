// SPDX-License-Identifier: Apache-2.0
// This processor as an operator device: the kernels of the CPU, on the path in use.
#pragma once

#include <memory>

#include "kernels/base/parallel.h"
#include "kernels/conformance/operator_device.h"

namespace reprotrain::kernels {

/// Runs on `parallel`, which must outlive the device, and on the path that cpu_path() names at the
/// time of each call.
std::unique_ptr<OperatorDevice> cpu_device(const Parallel& parallel);

}  // namespace reprotrain::kernels
