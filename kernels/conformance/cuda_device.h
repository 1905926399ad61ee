// SPDX-License-Identifier: Apache-2.0
// A CUDA device as an operator device.
#pragma once

#include <memory>

#include "kernels/conformance/operator_device.h"

namespace reprotrain::kernels {

/// The kernels of CUDA device `index`; operands travel there and back with every call. Throws
/// CudaError where the device cannot be used.
std::unique_ptr<OperatorDevice> cuda_device(int index);

}  // namespace reprotrain::kernels
