// SPDX-License-Identifier: Apache-2.0
// The convolutions of a benchmark, computed by a library that promises no order.
#pragma once

#include <functional>
#include <string>

#include "kernels/conv/convolution.h"

namespace reprotrain::bench {

/// A convolution's operands and results in the layout of convolution.h.
struct ConvolutionOperands {
  kernels::Convolution convolution;
  kernels::ConstMatrixView images, weight, delta;
  kernels::MatrixView outputs, weight_gradient, image_gradient;
};

/// A pass, set up as a caller would keep it between calls.
using ConvolutionCall = std::function<void()>;

/// oneDNN with images as they are (NHWC) or in the layout that it prefers, then without the copies
/// between the two. One group, no bias.
enum class DnnlLayout { kAsGiven, kPreferred };
ConvolutionCall dnnl_forward(const ConvolutionOperands& operands, DnnlLayout layout);
ConvolutionCall dnnl_weight_gradient(const ConvolutionOperands& operands, DnnlLayout layout);
ConvolutionCall dnnl_input_gradient(const ConvolutionOperands& operands, DnnlLayout layout);

void set_dnnl_threads(int n_threads);
std::string dnnl_name();

}  // namespace reprotrain::bench
