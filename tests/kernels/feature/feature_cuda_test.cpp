// SPDX-License-Identifier: Apache-2.0
#include "kernels/feature/feature_cuda.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/conformance/device_array.h"
#include "kernels/conformance/test_values.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

using testing::bit_patterns;
using testing::for_each_schedule;

/// One fitted kernel a column, each another one.
template <typename Feature>
std::vector<Feature> fitted(int64_t width) {
  std::vector<Feature> features;
  for (int64_t column = 0; column < width; ++column) {
    const auto c = static_cast<double>(column);
    const ColumnMoments moments{.count = 4,
                                .min = -3.0f - static_cast<float>(column),
                                .max = 5.0f,
                                .mean = 0.3 + c,
                                .variance = 2.7 + c};
    std::vector<double> parameters(Feature::kParameters.size());
    for (size_t i = 0; i < parameters.size(); ++i) parameters[i] = static_cast<double>(i) - c;
    features.push_back(Feature::fit(moments, parameters));
  }
  return features;
}

struct Result {
  std::vector<float> values;
  uint64_t first_fault = kNoFault;
};

template <typename Feature>
Result by_definition(const std::vector<Feature>& features, std::vector<float> values) {
  Result result{std::move(values), kNoFault};
  for (size_t i = 0; i < result.values.size(); ++i) {
    const float y = features[i % features.size()](result.values[i]);
    if (is_finite(result.values[i]) && !is_finite(y)) {
      result.first_fault = std::min<uint64_t>(result.first_fault, i);
    }
    result.values[i] = y;
  }
  return result;
}

template <typename Feature>
void check_shape(int64_t n_rows, int64_t width) {
  std::vector<float> values;
  for (int64_t i = 0; i < n_rows * width; ++i) {
    values.push_back(element("special", static_cast<uint64_t>(i)));
  }
  const std::vector<Feature> features = fitted<Feature>(width);
  const Result expected = by_definition(features, values);
  for_each_schedule([&] {
    const DeviceArray<Feature> device_features(features);
    DeviceArray<float> device_values(values, 1);
    DeviceArray<uint64_t> fault(std::vector<uint64_t>{kNoFault});
    apply_feature_cuda(device_features.data(), width, device_values.data(), n_rows, fault.data(),
                       nullptr);
    EXPECT_EQ(bit_patterns(device_values.values()), bit_patterns(expected.values))
        << Feature::kName << " " << n_rows << " x " << width;
    EXPECT_EQ(fault.values()[0], expected.first_fault) << Feature::kName;
  });
}

TEST(FeatureCuda, HasTheFormulasBitsAndTheFirstFaultAtEveryShape) {
  for_each_feature([]<typename Feature>() {
    for (const int64_t n_rows : {0, 1, 31, 33, 257, 1025}) {
      for (const int64_t width : {1, 3}) check_shape<Feature>(n_rows, width);
    }
    check_shape<Feature>(65537, 1);
  });
}

TEST(FeatureCuda, TheFirstFaultyValueIsNoted) {
  const DeviceArray<LogOnePlus> feature(std::vector<LogOnePlus>(1));
  for_each_schedule([&] {
    DeviceArray<float> values(std::vector<float>{0.0f, -2.0f, 1.0f, -1.0f});
    DeviceArray<uint64_t> fault(std::vector<uint64_t>{kNoFault});
    apply_feature_cuda(feature.data(), 1, values.data(), 4, fault.data(), nullptr);
    EXPECT_EQ(values.values()[2], rounded::log1p(1.0f));
    EXPECT_EQ(fault.values()[0], 1u);
  });
}

}  // namespace
}  // namespace reprotrain::kernels
