// SPDX-License-Identifier: Apache-2.0
// Convolutions of batches of images and both of their gradients, through any matrix product.
//
//   outputs         = patches of the images * weight [+ bias]        rows (n, oy, ox), terms (ky, kx, i)
//   weight gradient = transposed patches * delta                     terms (n, oy, ox)
//   image gradient  = patches of delta * weight, a product a phase   terms (reaching (ky, kx), j)
//   bias gradient   = exact column sums of delta
//
// Why: 3x3 of 64 to 512 channels, 7x7 with stride 2, 1x1; nearly all of a training step of a CNN. Patches
// are copied chunk by chunk to the second-level cache; a 1x1 kernel reads the images in place.
// Requires: dense matrices; all that is not right is refused with std::invalid_argument.
// Determinism: that of the product. Images are independent in outputs and image gradient; chunks,
// threads and slices never reach a value. NaN payloads are free here.
// See also: docs/arithmetic.md "Convolutions"; patches.h; matmul.h.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/matrix_view.h"
#include "kernels/base/parallel.h"
#include "kernels/conv/window.h"
#include "kernels/matmul/matmul.h"

namespace reprotrain::kernels {

/// What a convolution is, but for its numbers.
struct Convolution {
  WindowAxis y, x;
  int64_t n_channels_in = 1;
  int64_t n_channels_out = 1;
  int64_t n_groups = 1;  ///< divides both

  int64_t group_in() const { return n_channels_in / n_groups; }
  int64_t group_out() const { return n_channels_out / n_groups; }
  int64_t n_taps() const { return y.kernel * x.kernel; }
  int64_t n_weight_rows() const { return n_taps() * group_in(); }
  int64_t n_windows() const { return y.n_windows() * x.n_windows(); }
  int64_t n_inputs() const { return y.size * x.size * n_channels_in; }
  int64_t n_outputs() const { return n_windows() * n_channels_out; }
};

/// Throws std::invalid_argument, with a sentence, for a geometry that is none.
void require_convolution(const Convolution& convolution);

/// Rows of patches in work space at a time; 0 leaves it to the kernel. Never seen in a result.
struct PatchChunk {
  int64_t n_rows = 0;
};

/// Shapes: `images` (n, n_inputs), `outputs` and `delta` (n, n_outputs), `weight` (n_weight_rows,
/// n_channels_out), bias (n_channels_out) or empty. No result overlaps an operand.
struct ConvolutionForward {
  Convolution convolution;
  MatmulSpecification product = MatmulSpecification::kFma32;
  ConstMatrixView images;
  ConstMatrixView weight;
  std::span<const float> bias;
  MatrixView outputs;  ///< written
  PatchChunk chunk;
};
void convolution_forward(const ConvolutionForward& pass, const Parallel& parallel);

/// Each thread keeps up to 64 columns of a block of rows of the patches in work space: 1024 rows for
/// fma32, as many as 64 MiB hold for integer slices. There a column's scale needs all of its terms, so
/// patches of several blocks are made twice.
struct ConvolutionWeightGradient {
  Convolution convolution;
  MatmulSpecification product = MatmulSpecification::kFma32;
  ConstMatrixView images;
  ConstMatrixView delta;           ///< gradient of the outputs
  MatrixView weight_gradient;      ///< written
  std::span<float> bias_gradient;  ///< written, or empty where there is no bias
  PatchChunk chunk = {};           ///< of integer slices; on the CPU
};
void convolution_weight_gradient(const ConvolutionWeightGradient& pass, const Parallel& parallel);

struct ConvolutionInputGradient {
  Convolution convolution;
  MatmulSpecification product = MatmulSpecification::kFma32;
  ConstMatrixView delta;
  ConstMatrixView weight;
  MatrixView image_gradient;  ///< written
  PatchChunk chunk;
};
void convolution_input_gradient(const ConvolutionInputGradient& pass, const Parallel& parallel);

}  // namespace reprotrain::kernels
