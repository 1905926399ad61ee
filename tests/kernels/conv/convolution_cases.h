// SPDX-License-Identifier: Apache-2.0
// Convolutions of every kind, large enough to be cut and small enough for any device.
#pragma once

#include <string>
#include <vector>

#include "kernels/conv/convolution.h"

namespace reprotrain::testing {

using kernels::Convolution;
using kernels::MatmulSpecification;
using kernels::WindowAxis;

inline constexpr MatmulSpecification kAllProducts[] = {
    MatmulSpecification::kFma32, MatmulSpecification::kInt8x2, MatmulSpecification::kInt8x3};

struct ConvolutionCase {
  std::string name;
  int64_t n_images;
  Convolution convolution;
};

inline WindowAxis axis_of(int64_t size, int64_t kernel, int64_t stride, int64_t padding,
                          int64_t dilation = 1) {
  return {size, kernel, stride, dilation, padding, padding};
}

inline const std::vector<ConvolutionCase>& all_convolutions() {
  static const std::vector<ConvolutionCase> cases = {
      {"3x3", 3, {axis_of(13, 3, 1, 1), axis_of(11, 3, 1, 1), 9, 20, 1}},
      {"7x7 stride 2", 2, {axis_of(23, 7, 2, 3), axis_of(22, 7, 2, 3), 3, 17, 1}},
      {"1x1", 5, {axis_of(6, 1, 1, 0), axis_of(7, 1, 1, 0), 12, 10, 2}},
      {"1x1 stride 2", 3, {axis_of(6, 1, 2, 0), axis_of(7, 1, 2, 0), 5, 6, 1}},
      {"groups", 3, {axis_of(9, 3, 1, 1), axis_of(8, 3, 2, 1), 12, 8, 4}},
      {"a group a channel", 2, {axis_of(12, 3, 1, 1), axis_of(12, 3, 1, 1), 9, 9, 9}},
      {"dilation", 2, {axis_of(15, 3, 2, 2, 2), axis_of(14, 3, 3, 3, 2), 4, 9, 1}},
      {"more than a chain over the batch",
       7,
       {axis_of(17, 2, 1, 0), axis_of(16, 3, 1, 1), 2, 3, 1}},
      {"more channels than a slice has columns",
       2,
       {axis_of(5, 2, 1, 0), axis_of(4, 2, 1, 1), 150, 7, 1}},
      {"a kernel larger than the image", 2, {axis_of(3, 5, 1, 2), axis_of(2, 5, 1, 2), 8, 9, 1}},
      {"few channels, terms of more than a chain",
       2,
       {axis_of(21, 5, 1, 2), axis_of(35, 5, 1, 2), 3, 48, 1}},
      {"few channels, groups and stride", 2, {axis_of(19, 3, 2, 1), axis_of(50, 5, 2, 2), 8, 6, 2}},
      {"rows of several slices", 2, {axis_of(9, 3, 1, 1), axis_of(12, 3, 1, 1), 64, 37, 1}},
      {"uneven padding", 2, {{9, 4, 3, 1, 0, 2}, {10, 3, 2, 1, 2, 0}, 3, 4, 1}},
      {"no image", 0, {axis_of(5, 3, 1, 1), axis_of(5, 3, 1, 1), 2, 3, 1}},
  };
  return cases;
}

}  // namespace reprotrain::testing
