// SPDX-License-Identifier: Apache-2.0
#include "engine/train/loss.h"

#include <gtest/gtest.h>

#include <vector>

#include "include/reprotrain/error.h"
#include "tests/support/serial_device.h"

namespace reprotrain::engine {
namespace {

using testing::serial_device;

TEST(BatchLoss, IsTheMeanOverRowsWithItsGradient) {
  LossConfig config;
  config.kind = LossKind::kMse;
  BatchLoss loss(config, 1, {}, serial_device());
  const std::vector<float> outputs = {1.0f, 2.0f, 4.0f, 0.0f};
  const std::vector<float> values = {1.0f, 0.0f, 1.0f, 1.0f};
  std::vector<float> gradient(4);
  float mean = 0.0f;
  loss.evaluate(kernels::dense_view<const float>(outputs.data(), 4, 1), {{}, values},
                kernels::dense_view(gradient.data(), 4, 1), &mean);
  EXPECT_EQ(mean, 3.5f);
  EXPECT_EQ(gradient, (std::vector<float>{0.0f, 1.0f, 1.5f, -0.5f}));
}

TEST(BatchLoss, WeightsRowsByTheirClass) {
  LossConfig config;
  config.kind = LossKind::kBinaryCrossEntropy;
  BatchLoss plain(config, 1, {}, serial_device());
  BatchLoss weighted(config, 1, {1.0f, 2.0f}, serial_device());
  const std::vector<float> outputs = {0.5f, 0.5f};
  std::vector<float> gradient(2), weighted_gradient(2);
  const auto run = [&](BatchLoss& loss, std::vector<int32_t> classes, std::vector<float>& slopes) {
    float mean = 0.0f;
    loss.evaluate(kernels::dense_view<const float>(outputs.data(), 2, 1), {classes, {}},
                  kernels::dense_view(slopes.data(), 2, 1), &mean);
    return mean;
  };
  EXPECT_EQ(run(weighted, {0, 0}, weighted_gradient), run(plain, {0, 0}, gradient));
  EXPECT_EQ(weighted_gradient, gradient);
  EXPECT_EQ(run(weighted, {1, 1}, weighted_gradient), 2.0f * run(plain, {1, 1}, gradient));
  EXPECT_EQ(weighted_gradient[0], 2.0f * gradient[0]);
}

TEST(BatchLoss, RefusesSeveralOutputsWhereOneIsNeeded) {
  for (LossKind kind : {LossKind::kMse, LossKind::kHuber, LossKind::kBinaryCrossEntropy}) {
    LossConfig config;
    config.kind = kind;
    EXPECT_THROW(BatchLoss(config, 3, {}, serial_device()), Error) << name_of(kind);
    EXPECT_NO_THROW(BatchLoss(config, 1, {}, serial_device()));
  }
}

}  // namespace
}  // namespace reprotrain::engine
