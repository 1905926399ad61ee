// SPDX-License-Identifier: Apache-2.0
// The known answers are compared by the conformance checks; here: larger cases, alignment, refusals.
#include "kernels/conv/batch_norm_cuda.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "kernels/conformance/device_array.h"
#include "kernels/conformance/test_values.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/cuda_schedules.h"
#include "tests/support/device_operands.h"
#include "tests/support/guarded_matrix.h"

namespace reprotrain::kernels {
namespace {

using testing::bit_patterns;
using testing::Bits;
using testing::DeviceMatrix;
using testing::for_each_schedule;
using testing::GuardedMatrix;

/// Operands of all passes on the host, rows apart by `gap` elements.
class Passes {
 public:
  Passes(std::string_view family, int64_t n, int64_t n_channels, int64_t gap)
      : gap_(static_cast<size_t>(gap)),
        x_(n, n_channels, gap, 0),
        y_(n, n_channels, gap, 0),
        gradient_(n, n_channels, gap, 0) {
    x_.fill(family, 0);
    y_.fill("unit", 0);
    gradient_.fill(family, uint64_t{1} << 22);
    for (uint64_t c = 0; c < static_cast<uint64_t>(n_channels); ++c) {
      scale_.push_back(element("unit", (uint64_t{1} << 20) + c));
      shift_.push_back(element("unit", (uint64_t{1} << 21) + c));
      running_mean_.push_back(element("unit", (uint64_t{1} << 23) + c));
      running_variance_.push_back(static_cast<float>(1 + c));
    }
  }

  Bits on_cpu() const {
    Passes work = *this;
    std::vector<float> mean(scale_.size()), inverse(mean), scale_gradient(mean),
        shift_gradient(mean);
    const SerialParallel serial;
    batch_norm_training({work.x_.view(), scale_, shift_, 0.1, work.running_mean_,
                         work.running_variance_, mean, inverse, work.y_.view()},
                        serial);
    Bits results = bits_of_matrix(work.y_.view());
    batch_norm_backward({work.x_.view(), mean, inverse, scale_, work.gradient_.view(),
                         scale_gradient, shift_gradient},
                        serial);
    append(results, bits_of_matrix(work.gradient_.view()));
    batch_norm_inference({work.x_.view(), scale_, shift_, work.running_mean_,
                          work.running_variance_, work.x_.view()},
                         serial);
    append(results, bits_of_matrix(work.x_.view()));
    for (const auto* numbers : {&work.running_mean_, &work.running_variance_, &mean, &inverse,
                                &scale_gradient, &shift_gradient}) {
      append(results, bit_patterns(*numbers));
    }
    return results;
  }

  /// The same; memory begins `gap` elements behind an aligned address.
  Bits on_device() {
    const auto distance = static_cast<int64_t>(gap_);
    DeviceMatrix x(x_.view(), distance, distance), y(y_.view(), distance, distance);
    DeviceMatrix gradient(gradient_.view(), distance, distance);
    const DeviceArray<float> scale(scale_, gap_), shift(shift_, gap_);
    const DeviceArray<float> running_mean(running_mean_, gap_);
    const DeviceArray<float> running_variance(running_variance_, gap_);
    const DeviceArray<float> mean(scale.size(), gap_), inverse(scale.size(), gap_);
    const DeviceArray<float> scale_gradient(scale.size(), gap_), shift_gradient(scale.size(), gap_);
    const DeviceArray<unsigned char> work(batch_norm_work_bytes(scale.size()));
    batch_norm_training_cuda({x.view(), span_of(scale), span_of(shift), 0.1, span_of(running_mean),
                              span_of(running_variance), span_of(mean), span_of(inverse), y.view()},
                             work.data(), nullptr);
    batch_norm_backward_cuda({x.view(), span_of(mean), span_of(inverse), span_of(scale),
                              gradient.view(), span_of(scale_gradient), span_of(shift_gradient)},
                             work.data(), nullptr);
    Bits results = y.bits();
    append(results, gradient.bits());
    batch_norm_inference_cuda({x.view(), span_of(scale), span_of(shift), span_of(running_mean),
                               span_of(running_variance), x.view()},
                              work.data(), nullptr);
    append(results, x.bits());
    for (const auto* numbers :
         {&running_mean, &running_variance, &mean, &inverse, &scale_gradient, &shift_gradient}) {
      append(results, bit_patterns(numbers->values()));
    }
    return results;
  }

 private:
  static Bits bits_of_matrix(ConstMatrixView m) {
    std::vector<float> values;
    for (int64_t row = 0; row < m.n_rows; ++row) {
      values.insert(values.end(), m.row(row), m.row(row) + m.n_columns);
    }
    return bit_patterns(values);
  }
  static void append(Bits& bits, const Bits& more) {
    bits.insert(bits.end(), more.begin(), more.end());
  }

  size_t gap_;
  GuardedMatrix x_, y_, gradient_;
  std::vector<float> scale_, shift_, running_mean_, running_variance_;
};

TEST(BatchNormCuda, HasTheBitsOfTheCpu) {
  for (const std::string_view family : {"unit", "wide", "special"}) {
    for (const int64_t n : {1, 2, 33, 300}) {
      for (const int64_t n_channels : {1, 3, 4, 33, 64}) {
        for (const int64_t gap : {0, 1}) {
          Passes passes(family, n, n_channels, gap);
          const Bits expected = passes.on_cpu();
          for_each_schedule(2, [&] {
            EXPECT_EQ(passes.on_device(), expected)
                << family << " " << n << " x " << n_channels << ", gap " << gap;
          });
        }
      }
    }
  }
}

TEST(BatchNormCuda, HasTheBitsOfTheCpuOverMoreChannelsThanItHasAccumulators) {
  constexpr int64_t kChannels = 16384 + 5;
  EXPECT_LT(batch_norm_work_bytes(kChannels), batch_norm_work_bytes(1) * kChannels);
  EXPECT_EQ(batch_norm_work_bytes(kChannels), batch_norm_work_bytes(int64_t{1} << 30));
  for (const int64_t gap : {0, 1}) {
    Passes passes("wide", 3, kChannels, gap);
    EXPECT_EQ(passes.on_device(), passes.on_cpu()) << gap;
  }
}

TEST(BatchNormCuda, LeavesAnEmptyBatchAsItIsInInference) {
  const std::vector<float> three(3);
  const MatrixView empty = dense_view(static_cast<float*>(nullptr), 0, 3);
  EXPECT_NO_THROW(
      batch_norm_inference_cuda({empty, three, three, three, three, empty}, nullptr, nullptr));
}

TEST(BatchNormCuda, RefusesShapesThatDoNotMatchAndEmptyBatches) {
  std::vector<float> values(12), four(4), three(3);
  const auto x = dense_view(values.data(), 3, 4);
  const auto wide = dense_view(values.data(), 2, 6);
  const auto empty = dense_view(values.data(), 0, 4);
  EXPECT_THROW(batch_norm_training_cuda({x, four, four, 0.1, four, four, four, four, wide}, nullptr,
                                        nullptr),
               std::invalid_argument);
  EXPECT_THROW(batch_norm_training_cuda({empty, four, four, 0.1, four, four, four, four, empty},
                                        nullptr, nullptr),
               std::invalid_argument);
  EXPECT_THROW(batch_norm_backward_cuda({x, four, four, four, x, three, four}, nullptr, nullptr),
               std::invalid_argument);
  EXPECT_THROW(batch_norm_inference_cuda({x, four, three, four, four, x}, nullptr, nullptr),
               std::invalid_argument);
}

}  // namespace
}  // namespace reprotrain::kernels
