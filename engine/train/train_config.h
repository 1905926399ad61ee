// SPDX-License-Identifier: Apache-2.0
// What section `train` of a configuration says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernels/optimizer/schedule.h"

namespace reprotrain::engine {

enum class LossKind { kMse, kHuber, kCrossEntropy, kBinaryCrossEntropy };
enum class ClassWeightRule { kNone, kBalanced, kGiven };

struct LossConfig {
  LossKind kind = LossKind::kMse;
  double huber_delta = 1.0;
  ClassWeightRule class_weights = ClassWeightRule::kNone;
  std::vector<double> given_class_weights;  ///< of kGiven, in class order
};

enum class OptimizerKind { kSgd, kAdam, kAdamw };

struct OptimizerConfig {
  OptimizerKind kind = OptimizerKind::kAdam;
  double learning_rate = 0.001;
  double momentum = 0.0;  ///< sgd
  bool nesterov = false;  ///< sgd
  double beta1 = 0.9;     ///< adam, adamw
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;  ///< L2 term of the gradient (sgd, adam), decoupled (adamw)
};

using kernels::ScheduleKind;

/// Learning-rate factor as a function of the step; all binary64.
struct ScheduleConfig {
  ScheduleKind kind = ScheduleKind::kConstant;
  int64_t warmup_steps = 0;  ///< linear from 0: factor (step + 1) / (warmup_steps + 1)
  int64_t step_epochs = 10;  ///< kStep: multiply by `gamma` every so many epochs
  double gamma = 0.1;
  double final_factor = 0.0;  ///< kCosine: factor at the last step
};

struct EarlyStoppingConfig {
  std::string metric;     ///< a name of the metric list
  int64_t patience = 10;  ///< epochs without improvement
  double min_delta = 0.0;
};

enum class TargetTransform { kNone, kStandardize };

struct TrainConfig {
  int64_t epochs = 10;
  int64_t batch_size = 32;
  bool shuffle = true;
  LossConfig loss;
  OptimizerConfig optimizer;
  ScheduleConfig schedule;
  double clip_norm = 0.0;  ///< largest global gradient norm; 0: no clipping
  std::optional<EarlyStoppingConfig> early_stopping;
  TargetTransform target_transform = TargetTransform::kNone;  ///< regression targets
  std::vector<std::string> metrics;  ///< names of the metric list; empty: the task's usual ones
};

}  // namespace reprotrain::engine
