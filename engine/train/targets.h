// SPDX-License-Identifier: Apache-2.0
// What a model learns to predict: class labels or numbers, taken from one column of the table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/data/stored_group.h"
#include "engine/data/table.h"
#include "engine/train/train_config.h"

namespace reprotrain::engine {

enum class Task { kRegression, kBinary, kMulticlass };

/// Affine map of regression targets, fitted on training rows: (value - mean) / deviation in binary64,
/// rounded once to binary32; back: output * deviation + mean in binary64, rounded once.
struct TargetScale {
  double mean = 0.0;
  double deviation = 1.0;
};

struct Target {
  std::string name;
  Task task = Task::kRegression;
  std::vector<std::string> classes;   ///< classification: texts; numbers ascending, else byte order
  std::vector<int32_t> class_of_row;  ///< classification: (n_rows)
  std::vector<float> values;          ///< regression: (n_rows), as in the data
  TargetScale scale;

  int64_t n_outputs() const;  ///< of the model: 1, or the number of classes for kMulticlass
};

/// Reads column `name`. The loss decides the task: mse and huber regress, binary_cross_entropy tells two
/// classes apart with one output, cross_entropy any number with one output each.
///
/// Throws Error(kData) naming column and row for missing or non-finite targets, for a single class, for
/// more than two classes with binary_cross_entropy, and for class targets that are not whole numbers.
Target read_target(const Table& table, const std::string& name, LossKind loss);

/// Fits `target.scale` on `train_rows` (regression only).
void fit_target_scale(Target& target, TargetTransform transform,
                      std::span<const int64_t> train_rows);

/// The values a regression model is trained on, (n_rows).
std::vector<float> scaled_values(const Target& target);
/// Raw model output -> prediction in the units of the data.
float unscaled(const TargetScale& scale, float output);

/// One weight per class by the rule of the loss (empty for kNone; kernels/loss/class_weights.h for balanced). Throws Error(kConfig) when given weights do not match the classes.
std::vector<float> class_weights(const LossConfig& loss, const Target& target,
                                 std::span<const int64_t> train_rows);

void save_target(const Target& target, Hdf5Node& group);
/// Restores name, task, classes and scale (no rows). Throws Error(kEvidence) naming the file.
Target load_target(const StoredGroup& group);

}  // namespace reprotrain::engine
