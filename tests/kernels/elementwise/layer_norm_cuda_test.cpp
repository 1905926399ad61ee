// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/layer_norm_cuda.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "kernels/base/parallel.h"
#include "kernels/conformance/device_array.h"
#include "kernels/conformance/test_values.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

using testing::bit_patterns;
using testing::for_each_schedule;

std::vector<float> elements(std::string_view kind, uint64_t first, int64_t n) {
  std::vector<float> values;
  for (uint64_t i = 0; i < static_cast<uint64_t>(n); ++i) {
    values.push_back(element(kind, first + i));
  }
  return values;
}

struct Inputs {
  Inputs(std::string_view kind, int64_t rows, int64_t columns)
      : n_rows(rows),
        n(columns),
        x(elements(kind, 0, rows * columns)),
        gradient(elements(kind, uint64_t{1} << 22, rows * columns)),
        scale(elements("unit", uint64_t{1} << 20, columns)),
        shift(elements("unit", uint64_t{1} << 21, columns)) {}
  int64_t n_rows, n;
  std::vector<float> x, gradient, scale, shift;
};

struct Results {
  std::vector<float> y, x_gradient, scale_gradient, shift_gradient;
};

Results on_cpu(const Inputs& in) {
  std::vector<float> normal(in.x.size()), terms(in.x.size());
  std::vector<float> inverse(static_cast<size_t>(in.n_rows));
  Results out{in.x, in.gradient, std::vector<float>(in.scale.size()),
              std::vector<float>(in.scale.size())};
  const auto matrix = [&in](std::vector<float>& values) {
    return dense_view(values.data(), in.n_rows, in.n);
  };
  layer_norm_forward({matrix(out.y), in.scale, in.shift, matrix(normal), inverse, matrix(out.y)},
                     SerialParallel());
  layer_norm_backward({matrix(normal), inverse, in.scale, matrix(out.x_gradient), matrix(terms),
                       out.scale_gradient, out.shift_gradient},
                      SerialParallel());
  return out;
}

Results on_device(const Inputs& in) {
  const auto n = static_cast<size_t>(in.n);
  DeviceArray<float> y(in.x), gradient(in.gradient), normal(in.x.size());
  DeviceArray<float> inverse(static_cast<size_t>(in.n_rows));
  DeviceArray<float> scale(in.scale), shift(in.shift), scale_gradient(n), shift_gradient(n);
  DeviceArray<ExactSumAccumulator> sums(2 * n);
  const auto matrix = [&in](DeviceArray<float>& values) {
    return dense_view(values.data(), in.n_rows, in.n);
  };
  const auto span = [](DeviceArray<float>& values) {
    return std::span<float>(values.data(), static_cast<size_t>(values.size()));
  };
  layer_norm_forward_cuda(
      {matrix(y), span(scale), span(shift), matrix(normal), span(inverse), matrix(y)}, nullptr);
  layer_norm_backward_cuda({matrix(normal), span(inverse), span(scale), matrix(gradient),
                            MatrixView{}, span(scale_gradient), span(shift_gradient)},
                           sums.data(), nullptr);
  return {y.values(), gradient.values(), scale_gradient.values(), shift_gradient.values()};
}

TEST(LayerNormCuda, RefusesShapesThatDoNotMatch) {
  std::vector<float> values(12), three(3), two(2);
  const auto view = dense_view(values.data(), 3, 4);
  EXPECT_THROW(layer_norm_forward_cuda({view, three, three, view, three, view}, nullptr),
               std::invalid_argument);
  EXPECT_THROW(
      layer_norm_backward_cuda({view, three, three, view, view, two, three}, nullptr, nullptr),
      std::invalid_argument);
}

TEST(LayerNormCuda, HasTheCpusBitsForEveryWidth) {
  for (const char* kind : {"unit", "wide", "special"}) {
    for (const int64_t n : {1, 31, 32, 33, 255, 257, 1025}) {
      for (const int64_t n_rows : {0, 9}) {
        const Inputs inputs(kind, n_rows, n);
        const Results expected = on_cpu(inputs);
        for_each_schedule(2, [&] {
          const Results results = on_device(inputs);
          EXPECT_EQ(bit_patterns(results.y), bit_patterns(expected.y)) << kind << " " << n;
          EXPECT_EQ(bit_patterns(results.x_gradient), bit_patterns(expected.x_gradient))
              << kind << " " << n;
          EXPECT_EQ(bit_patterns(results.scale_gradient), bit_patterns(expected.scale_gradient))
              << kind << " " << n;
          EXPECT_EQ(bit_patterns(results.shift_gradient), bit_patterns(expected.shift_gradient))
              << kind << " " << n;
        });
      }
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
