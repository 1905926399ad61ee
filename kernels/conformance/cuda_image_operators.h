// SPDX-License-Identifier: Apache-2.0
// The operators of images on the current CUDA device: operands go there, results come back.
// See also: cuda_device.cpp, operator_device.h.
#pragma once

#include <string_view>

#include "kernels/conformance/operator_device.h"
#include "kernels/matmul/matmul_cuda.h"

namespace reprotrain::kernels {

void convolution_on_device(const ConvolutionForward& pass, const MatmulPlan& plan);
void weight_gradient_on_device(const ConvolutionWeightGradient& pass, const MatmulPlan& plan);
void input_gradient_on_device(const ConvolutionInputGradient& pass, const MatmulPlan& plan);

/// False for a name that is none.
bool pooling_on_device(std::string_view name, const PoolingCase& batch);
void move_images_on_device(const ImageMovesCase& batch);
void batch_norm_on_device(const BatchNormCase& batch);
void batch_norm_inference_on_device(const BatchNormInference& pass);

}  // namespace reprotrain::kernels
