// SPDX-License-Identifier: Apache-2.0
// Every layer, activation and loss: gradients against central differences of an independent forward
// pass in double.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/models/network.h"
#include "engine/train/loss.h"
#include "kernels/conformance/test_values.h"
#include "tests/engine/models/double_network.h"
#include "tests/support/serial_device.h"

namespace reprotrain::engine {
namespace {

constexpr int64_t kRows = 7;
constexpr int64_t kFeatures = 5;
constexpr int64_t kClasses = 3;
constexpr double kHuberDelta = 0.75;

struct GradientCase {
  std::vector<int64_t> hidden;
  Activation activation;
  bool layer_norm;
  LossKind loss;
  bool weighted;
};

bool is_classification(LossKind loss) {
  return loss == LossKind::kCrossEntropy || loss == LossKind::kBinaryCrossEntropy;
}

class Gradients : public ::testing::TestWithParam<GradientCase> {
 protected:
  Gradients() {
    for (uint64_t i = 0; i < static_cast<uint64_t>(kRows * kFeatures); ++i) {
      inputs_.push_back(kernels::element("unit", i));
    }
    for (uint64_t i = 0; i < static_cast<uint64_t>(kRows); ++i) {
      values_.push_back(kernels::element("unit", 1000 + i));
      classes_.push_back(static_cast<int32_t>(kernels::mixed_word(i) % n_classes()));
    }
    if (GetParam().weighted) {
      for (uint64_t c = 0; c < n_classes(); ++c) weights_.push_back(0.5f + static_cast<float>(c));
    }
  }

  uint64_t n_classes() const { return GetParam().loss == LossKind::kCrossEntropy ? kClasses : 2; }
  int64_t n_outputs() const { return GetParam().loss == LossKind::kCrossEntropy ? kClasses : 1; }

  ModelConfig model() const {
    ModelConfig config;
    config.hidden = GetParam().hidden;
    config.activation = GetParam().activation;
    config.layer_norm = GetParam().layer_norm;
    return config;
  }

  /// Mean loss of the batch in double.
  double mean_loss(const std::vector<double>& parameters) const {
    const testing::DoubleNetwork network(model(), kFeatures, n_outputs());
    double total = 0.0;
    for (size_t row = 0; row < kRows; ++row) {
      const auto begin = inputs_.begin() + static_cast<int64_t>(row) * kFeatures;
      const auto outputs = network.forward(parameters, {begin, begin + kFeatures});
      const double weight = weights_.empty()
                                ? 1.0
                                : static_cast<double>(weights_[static_cast<size_t>(classes_[row])]);
      total += weight * testing::double_loss(GetParam().loss, kHuberDelta, outputs, classes_[row],
                                             static_cast<double>(values_[row]));
    }
    return total / static_cast<double>(kRows);
  }

  std::vector<float> inputs_, values_, weights_;
  std::vector<int32_t> classes_;
};

TEST_P(Gradients, AgreeWithCentralDifferencesInDouble) {
  ComputeDevice& serial = testing::serial_device();
  Network network(model(), kFeatures, n_outputs(), 11, serial);
  // Away from the zeros of biases and shifts.
  std::span<float> parameters = network.parameters();
  for (size_t i = 0; i < parameters.size(); ++i) {
    parameters[i] += 0.125f * kernels::element("unit", 5000 + i);
  }
  LossConfig loss_config;
  loss_config.kind = GetParam().loss;
  loss_config.huber_delta = kHuberDelta;
  BatchLoss loss(loss_config, n_outputs(), weights_, serial);
  std::vector<float> gradient(static_cast<size_t>(kRows * n_outputs()));
  const auto outputs = network.forward_training(
      kernels::dense_view<const float>(inputs_.data(), kRows, kFeatures), {11, 0});
  const BatchTargets targets =
      is_classification(GetParam().loss) ? BatchTargets{classes_, {}} : BatchTargets{{}, values_};
  const auto gradient_view = kernels::dense_view(gradient.data(), kRows, n_outputs());
  float batch_loss = 0.0f;
  loss.evaluate(outputs, targets, gradient_view, &batch_loss);
  network.backward(gradient_view);

  std::vector<double> wide(parameters.begin(), parameters.end());
  EXPECT_NEAR(static_cast<double>(batch_loss), mean_loss(wide), 2e-6 * (1.0 + mean_loss(wide)));
  for (size_t i = 0; i < wide.size(); ++i) {
    const double centre = wide[i];
    constexpr double kStep = 1e-6;
    wide[i] = centre + kStep;
    const double above = mean_loss(wide);
    wide[i] = centre - kStep;
    const double below = mean_loss(wide);
    wide[i] = centre;
    const double difference = (above - below) / (2.0 * kStep);
    EXPECT_NEAR(static_cast<double>(network.gradients()[i]), difference,
                5e-6 * (1.0 + std::abs(difference)))
        << "parameter " << i;
  }
}

std::vector<GradientCase> all_cases() {
  std::vector<GradientCase> cases;
  const std::vector<int64_t> shapes[] = {{}, {4}, {6, 5}};
  for (const auto& hidden : shapes) {
    for (Activation activation :
         {Activation::kRelu, Activation::kTanh, Activation::kSigmoid, Activation::kGelu}) {
      for (bool layer_norm : {false, true}) {
        if (hidden.empty() && (layer_norm || activation != Activation::kRelu)) continue;
        for (LossKind loss : {LossKind::kMse, LossKind::kHuber, LossKind::kCrossEntropy,
                              LossKind::kBinaryCrossEntropy}) {
          cases.push_back({hidden, activation, layer_norm, loss, false});
          if (is_classification(loss))
            cases.push_back({hidden, activation, layer_norm, loss, true});
        }
      }
    }
  }
  return cases;
}

std::string name_of_case(const ::testing::TestParamInfo<GradientCase>& info) {
  static constexpr const char* kActivations[] = {"relu", "tanh", "sigmoid", "gelu"};
  const GradientCase& c = info.param;
  return std::to_string(c.hidden.size()) + "hidden_" +
         kActivations[static_cast<size_t>(c.activation)] + (c.layer_norm ? "_norm_" : "_") +
         engine::name_of(c.loss) + (c.weighted ? "_weighted" : "");
}

INSTANTIATE_TEST_SUITE_P(EveryCombination, Gradients, ::testing::ValuesIn(all_cases()),
                         name_of_case);

}  // namespace
}  // namespace reprotrain::engine
