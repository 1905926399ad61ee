// SPDX-License-Identifier: Apache-2.0
// The operators of images on the current CUDA device: operands go there, results come back.
// See also: cuda_device.cpp, operator_device.h.
#pragma once

#include <string_view>

#include "kernels/conformance/operator_device.h"

namespace reprotrain::kernels {

/// False for a name that is none.
bool pooling_on_device(std::string_view name, const PoolingCase& batch);
void batch_norm_on_device(const BatchNormCase& batch);
void batch_norm_inference_on_device(const BatchNormInference& pass);

}  // namespace reprotrain::kernels
