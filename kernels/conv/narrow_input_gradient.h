// SPDX-License-Identifier: Apache-2.0
// The input gradient by fma32 for images of few channels: vectors run along lines of pixels.
// See also: convolution_input_gradient.cpp for the general case, kernels/matmul/narrow_tile.h.
#pragma once

#include <vector>

#include "kernels/base/parallel.h"
#include "kernels/conv/convolution.h"
#include "kernels/conv/input_gradient_phase.h"

namespace reprotrain::kernels {

/// A phase with its weight: for each group (terms, channels in of the group).
struct WeightedPhase {
  Phase phase;
  const float* weight;
};

/// Whether all of these phases have terms, and this processor gains by it.
bool has_narrow_gradient(const Convolution& convolution, const std::vector<WeightedPhase>& phases);

void narrow_input_gradient(const ConvolutionInputGradient& pass,
                           const std::vector<WeightedPhase>& phases, const Parallel& parallel);

}  // namespace reprotrain::kernels
