// SPDX-License-Identifier: Apache-2.0
// Convolutions as docs/arithmetic.md words them: whole matrices of patches, a product for every pixel
// of an input gradient.
#pragma once

#include <vector>

#include "kernels/conv/convolution.h"

namespace reprotrain::testing {

using kernels::ConstMatrixView;
using kernels::Convolution;
using kernels::dense_view;
using kernels::MatmulSpecification;
using kernels::MatrixView;

/// An element of an image, +0 outside of it.
inline float pixel_or_zero(const float* image, int64_t height, int64_t width, int64_t n_channels,
                           int64_t y, int64_t x, int64_t channel) {
  if (y < 0 || y >= height || x < 0 || x >= width) return 0.0f;
  return image[(y * width + x) * n_channels + channel];
}

inline void multiply_serially(MatmulSpecification specification,
                              const kernels::MatrixProduct& product) {
  kernels::multiply(specification, product, kernels::SerialParallel());
}

/// All patches of a group, row by row.
inline std::vector<float> whole_patches(const Convolution& c, ConstMatrixView images,
                                        int64_t group) {
  std::vector<float> patches;
  for (int64_t n = 0; n < images.n_rows; ++n) {
    for (int64_t window = 0; window < c.n_windows(); ++window) {
      const int64_t oy = window / c.x.n_windows(), ox = window % c.x.n_windows();
      for (int64_t k = 0; k < c.n_weight_rows(); ++k) {
        const int64_t tap = k / c.group_in();
        patches.push_back(
            pixel_or_zero(images.row(n), c.y.size, c.x.size, c.n_channels_in,
                          oy * c.y.stride - c.y.padding_before + tap / c.x.kernel * c.y.dilation,
                          ox * c.x.stride - c.x.padding_before + tap % c.x.kernel * c.x.dilation,
                          group * c.group_in() + k % c.group_in()));
      }
    }
  }
  return patches;
}

inline std::vector<float> outputs_by_definition(const kernels::ConvolutionForward& pass) {
  const Convolution& c = pass.convolution;
  const int64_t n_rows = pass.images.n_rows * c.n_windows();
  std::vector<float> outputs(static_cast<size_t>(n_rows * c.n_channels_out));
  for (int64_t group = 0; group < c.n_groups; ++group) {
    const std::vector<float> patches = whole_patches(c, pass.images, group);
    const int64_t first = group * c.group_out();
    multiply_serially(
        pass.product,
        {dense_view(patches.data(), n_rows, c.n_weight_rows()),
         false,
         {pass.weight.data + first, c.n_weight_rows(), c.group_out(), pass.weight.row_stride},
         false,
         {outputs.data() + first, n_rows, c.group_out(), c.n_channels_out},
         pass.bias.empty() ? nullptr : pass.bias.data() + first});
  }
  return outputs;
}

inline std::vector<float> weight_gradient_by_definition(
    const kernels::ConvolutionWeightGradient& pass) {
  const Convolution& c = pass.convolution;
  const int64_t n_rows = pass.images.n_rows * c.n_windows();
  std::vector<float> gradient(static_cast<size_t>(c.n_weight_rows() * c.n_channels_out));
  for (int64_t group = 0; group < c.n_groups; ++group) {
    const std::vector<float> patches = whole_patches(c, pass.images, group);
    const int64_t first = group * c.group_out();
    multiply_serially(
        pass.product,
        {dense_view(patches.data(), n_rows, c.n_weight_rows()),
         true,
         {pass.delta.data + first, n_rows, c.group_out(), c.n_channels_out},
         false,
         {gradient.data() + first, c.n_weight_rows(), c.group_out(), c.n_channels_out},
         nullptr});
  }
  return gradient;
}

/// The channels of one pixel and group.
inline void input_gradient_of_pixel(const kernels::ConvolutionInputGradient& pass,
                                    const float* delta, int64_t y, int64_t x, int64_t group,
                                    float* result) {
  const Convolution& c = pass.convolution;
  std::vector<float> terms, weights;
  for (int64_t ky = 0; ky < c.y.kernel; ++ky) {
    for (int64_t kx = 0; kx < c.x.kernel; ++kx) {
      const int64_t from_y = y + c.y.padding_before - ky * c.y.dilation;
      const int64_t from_x = x + c.x.padding_before - kx * c.x.dilation;
      if (from_y % c.y.stride != 0 || from_x % c.x.stride != 0) continue;
      for (int64_t j = 0; j < c.group_out(); ++j) {
        const int64_t channel = group * c.group_out() + j;
        terms.push_back(pixel_or_zero(delta, c.y.n_windows(), c.x.n_windows(), c.n_channels_out,
                                      from_y / c.y.stride, from_x / c.x.stride, channel));
        for (int64_t i = 0; i < c.group_in(); ++i) {
          weights.push_back(pass.weight((ky * c.x.kernel + kx) * c.group_in() + i, channel));
        }
      }
    }
  }
  const auto depth = static_cast<int64_t>(terms.size());
  multiply_serially(pass.product, {dense_view<const float>(terms.data(), 1, depth), false,
                                   dense_view<const float>(weights.data(), depth, c.group_in()),
                                   false, dense_view(result, 1, c.group_in()), nullptr});
}

inline std::vector<float> input_gradient_by_definition(
    const kernels::ConvolutionInputGradient& pass) {
  const Convolution& c = pass.convolution;
  std::vector<float> gradient(static_cast<size_t>(pass.delta.n_rows * c.n_inputs()));
  float* next = gradient.data();
  for (int64_t n = 0; n < pass.delta.n_rows; ++n) {
    for (int64_t pixel = 0; pixel < c.y.size * c.x.size; ++pixel) {
      for (int64_t group = 0; group < c.n_groups; ++group, next += c.group_in()) {
        input_gradient_of_pixel(pass, pass.delta.row(n), pixel / c.x.size, pixel % c.x.size, group,
                                next);
      }
    }
  }
  return gradient;
}

}  // namespace reprotrain::testing
