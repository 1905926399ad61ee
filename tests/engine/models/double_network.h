// SPDX-License-Identifier: Apache-2.0
// A feed-forward network and its losses in double, written again from the textbook: what gradients
// are checked against. Dropout is not part of it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/models/model_config.h"
#include "engine/train/train_config.h"

namespace reprotrain::testing {

class DoubleNetwork {
 public:
  DoubleNetwork(engine::ModelConfig config, int64_t n_features, int64_t n_outputs)
      : config_(std::move(config)), widths_{n_features} {
    widths_.insert(widths_.end(), config_.hidden.begin(), config_.hidden.end());
    widths_.push_back(n_outputs);
  }

  /// Raw outputs of one row; `parameters` in the order weight, bias, [scale, shift,] weight, ...
  std::vector<double> forward(std::span<const double> parameters, std::vector<double> row) const {
    const double* next = parameters.data();
    for (size_t layer = 0; layer + 1 < widths_.size(); ++layer) {
      const auto n_in = static_cast<size_t>(widths_[layer]);
      const auto n_out = static_cast<size_t>(widths_[layer + 1]);
      std::vector<double> result(n_out);
      for (size_t j = 0; j < n_out; ++j) {
        result[j] = next[n_in * n_out + j];
        for (size_t i = 0; i < n_in; ++i) result[j] += row[i] * next[i * n_out + j];
      }
      next += n_in * n_out + n_out;
      const bool is_hidden = layer + 2 < widths_.size();
      if (is_hidden && config_.layer_norm) {
        normalise(result, next, next + n_out);
        next += 2 * n_out;
      }
      if (is_hidden) {
        for (double& x : result) x = activated(x);
      }
      row = result;
    }
    return row;
  }

 private:
  static void normalise(std::vector<double>& x, const double* scale, const double* shift) {
    const auto n = static_cast<double>(x.size());
    double mean = 0.0, variance = 0.0;
    for (double v : x) mean += v / n;
    for (double v : x) variance += (v - mean) * (v - mean) / n;
    for (size_t j = 0; j < x.size(); ++j) {
      x[j] = (x[j] - mean) / std::sqrt(variance + 1e-5) * scale[j] + shift[j];
    }
  }

  double activated(double x) const {
    switch (config_.activation) {
      case engine::Activation::kRelu:
        return std::max(x, 0.0);
      case engine::Activation::kTanh:
        return std::tanh(x);
      case engine::Activation::kSigmoid:
        return 1.0 / (1.0 + std::exp(-x));
      case engine::Activation::kGelu:
        return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    }
    return 0.0;
  }

  engine::ModelConfig config_;
  std::vector<int64_t> widths_;
};

/// Loss of one row in double.
inline double double_loss(engine::LossKind kind, double huber_delta,
                          std::span<const double> outputs, int32_t target_class,
                          double target_value) {
  const double z = outputs[0];
  const double distance = std::abs(z - target_value);
  switch (kind) {
    case engine::LossKind::kMse:
      return distance * distance;
    case engine::LossKind::kHuber:
      return distance <= huber_delta ? 0.5 * distance * distance
                                     : huber_delta * (distance - 0.5 * huber_delta);
    case engine::LossKind::kBinaryCrossEntropy:
      return -std::log(1.0 / (1.0 + std::exp(target_class == 1 ? -z : z)));
    case engine::LossKind::kCrossEntropy: {
      double sum = 0.0;
      for (double output : outputs) sum += std::exp(output);
      return std::log(sum) - outputs[static_cast<size_t>(target_class)];
    }
  }
  return 0.0;
}

}  // namespace reprotrain::testing
