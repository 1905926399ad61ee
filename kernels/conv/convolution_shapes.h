// SPDX-License-Identifier: Apache-2.0
// What the passes of a convolution share on every device: what they refuse, their operands as matrices,
// and the sizes of chunks.
// See also: convolution.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/base/ceil_div.h"
#include "kernels/base/require.h"
#include "kernels/conv/convolution.h"
#include "kernels/conv/patches.h"

namespace reprotrain::kernels {

/// Whether patches are the pixels themselves: a row of a matrix each, in memory as they are.
inline bool patches_are_pixels(const Convolution& c) {
  const auto is_trivial = [](const WindowAxis& axis) {
    return axis.kernel == 1 && axis.stride == 1 && axis.padding_before == 0 &&
           axis.padding_after == 0;
  };
  return is_trivial(c.y) && is_trivial(c.x);
}

/// The windows of images as patches of some of their channels.
inline Patches windows_of(const ConstMatrixView& images, const Convolution& c,
                          int64_t first_channel, int64_t n_taken) {
  const auto axis = [](const WindowAxis& a) {
    return PatchAxis{a.size, a.n_windows(), a.kernel, a.first_place(0), a.stride, a.dilation};
  };
  return {images, c.n_channels_in, first_channel, n_taken, axis(c.y), axis(c.x)};
}

/// Images seen as a row a pixel, (n * pixels, n_channels), and of those the channels of a group.
template <typename T>
BasicMatrixView<T> group_of_pixels(const BasicMatrixView<T>& images, int64_t n_channels,
                                   int64_t group, int64_t n_groups) {
  const int64_t n_taken = n_channels / n_groups;
  const int64_t n_pixels = images.n_rows * images.n_columns / n_channels;
  return {n_pixels == 0 ? images.data : images.data + group * n_taken, n_pixels, n_taken,
          n_channels};
}

/// Rows [begin, end) of a matrix.
template <typename T>
BasicMatrixView<T> rows_of(const BasicMatrixView<T>& m, int64_t begin, int64_t end) {
  return {m.row(begin), end - begin, m.n_columns, m.row_stride};
}

/// The columns of a weight that belong to a group.
template <typename T>
BasicMatrixView<T> group_of_weight(const BasicMatrixView<T>& weight, const Convolution& c,
                                   int64_t group) {
  return {weight.data + group * c.group_out(), weight.n_rows, c.group_out(), weight.row_stride};
}

/// Weight and biases (none, or one for each output channel) fit the geometry.
inline void require_weight(const Convolution& c, const ConstMatrixView& weight, size_t n_biases,
                           const char* name) {
  require_view(weight, name);
  require(weight.n_rows == c.n_weight_rows() && weight.n_columns == c.n_channels_out,
          "convolution: the shape of the weight does not match the geometry");
  require(n_biases == 0 || static_cast<int64_t>(n_biases) == c.n_channels_out,
          "convolution: biases and output channels differ in number");
}

inline void require_matching(const ConvolutionForward& pass) {
  const Convolution& c = pass.convolution;
  require_convolution(c);
  require_images(pass.images, pass.images.n_rows, c.n_inputs(), "images");
  require_images(pass.outputs, pass.images.n_rows, c.n_outputs(), "outputs");
  require_weight(c, pass.weight, pass.bias.size(), "weight");
  require(pass.chunk.n_rows >= 0, "convolution: a chunk of less than no rows");
}

inline void require_matching(const ConvolutionWeightGradient& pass) {
  const Convolution& c = pass.convolution;
  require_convolution(c);
  require_images(pass.images, pass.images.n_rows, c.n_inputs(), "images");
  require_images(pass.delta, pass.images.n_rows, c.n_outputs(), "delta");
  require_weight(c, pass.weight_gradient, pass.bias_gradient.size(), "weight_gradient");
}

inline void require_matching(const ConvolutionInputGradient& pass) {
  const Convolution& c = pass.convolution;
  require_convolution(c);
  require_images(pass.delta, pass.delta.n_rows, c.n_outputs(), "delta");
  require_images(pass.image_gradient, pass.delta.n_rows, c.n_inputs(), "image_gradient");
  require_weight(c, pass.weight, 0, "weight");
  require(pass.chunk.n_rows >= 0, "convolution: a chunk of less than no rows");
}

/// Patches times the weight of a group; `outputs` are some of its rows.
inline MatrixProduct product_of_patches(const ConvolutionForward& pass, int64_t group,
                                        const ConstMatrixView& patches, const MatrixView& outputs) {
  const Convolution& c = pass.convolution;
  const float* bias = pass.bias.empty() ? nullptr : pass.bias.data() + group * c.group_out();
  return {patches,
          false,
          group_of_weight(pass.weight, c, group),
          false,
          outputs,
          bias,
          {},
          !patches_are_pixels(c)};
}

/// The gradients of a group, where patches are pixels.
inline MatrixProduct product_of_pixels(const ConvolutionWeightGradient& pass, int64_t group) {
  const Convolution& c = pass.convolution;
  return {group_of_pixels(pass.images, c.n_channels_in, group, c.n_groups), true,
          group_of_pixels(pass.delta, c.n_channels_out, group, c.n_groups), false,
          group_of_weight(pass.weight_gradient, c, group)};
}
inline MatrixProduct product_of_pixels(const ConvolutionInputGradient& pass, int64_t group) {
  const Convolution& c = pass.convolution;
  return {group_of_pixels(pass.delta, c.n_channels_out, group, c.n_groups), false,
          group_of_weight(pass.weight, c, group), true,
          group_of_pixels(pass.image_gradient, c.n_channels_in, group, c.n_groups)};
}

/// Rows of patches, `depth` numbers each, that a thread multiplies at a time.
inline int64_t rows_of_chunk(const PatchChunk& chunk, int64_t depth) {
  constexpr int64_t kChunkElements = int64_t{1} << 16;  // 256 KiB
  constexpr int64_t kFewestRows = 128, kMostRows = 512;
  if (chunk.n_rows > 0) return chunk.n_rows;
  return std::clamp(kChunkElements / std::max<int64_t>(1, depth), kFewestRows, kMostRows);
}

/// Chunks worth a task of their own.
inline int64_t chunk_grain(int64_t n_rows, int64_t depth, int64_t n_columns) {
  constexpr int64_t kPieceWork = int64_t{1} << 20;  // fma, about 20 us
  return ceil_div(kPieceWork, std::max<int64_t>(1, n_rows * depth * n_columns));
}

}  // namespace reprotrain::kernels
