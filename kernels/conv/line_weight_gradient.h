// SPDX-License-Identifier: Apache-2.0
// The weight gradient by fma32 without a copy of the patches: pixels are the terms, listed a chain at a
// time, and taps with their channels the rows.
// See also: patch_lines.h, kernels/matmul/line_product.h, convolution_weight_gradient.cpp.
#pragma once

#include "kernels/base/parallel.h"
#include "kernels/conv/convolution.h"

namespace reprotrain::kernels {

/// Whether it pays: each thread copies what it needs of images and delta for itself, others copy the
/// patches of its part of the gradient.
bool reads_weight_gradient_in_lines(const ConvolutionWeightGradient& pass, int n_threads);

/// Writes pass.weight_gradient; there are pixels.
void line_weight_gradient(const ConvolutionWeightGradient& pass, const Parallel& parallel);

}  // namespace reprotrain::kernels
