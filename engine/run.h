// SPDX-License-Identifier: Apache-2.0
// A whole run: data -> split -> features -> training -> evaluation -> result files.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/data/data_config.h"
#include "engine/data/dataset.h"
#include "engine/device/compute_device.h"
#include "engine/features/feature_plan.h"
#include "engine/models/model_config.h"
#include "engine/run_observer.h"
#include "engine/train/train_config.h"
#include "engine/train/trainer.h"

namespace reprotrain::engine {

/// Everything a run needs to know. What decides values comes first.
struct RunRequest {
  uint64_t seed = 0;
  DataConfig data;
  std::vector<TransformConfig> features;
  ModelConfig model;
  TrainConfig train;

  std::string config_digest;     ///< of the identity keys; binds checkpoints to the configuration
  std::string result_directory;  ///< receives model.h5, predictions.h5 and features.h5
  std::string checkpoint_directory;
  bool export_features = true;  ///< write features.h5
  TrainingStrides strides;
  int64_t checkpoints_kept = 2;
  bool resume = false;
};

/// What a run produced. Content ids name values, not files: equal on every machine.
struct RunResult {
  std::vector<InputIdentity> inputs;
  std::map<std::string, std::string> splits;  ///< train, validation, test -> id of the row indices
  /// "model/parameters/layer0/weight", "features/X", ... -> content id.
  std::map<std::string, std::string> outputs;
  std::map<std::string, double> metrics;  ///< "test/accuracy", "validation/log_loss", ...
  std::vector<std::string> classes;       ///< classification, in class order
  std::map<std::string, std::vector<int64_t>> confusion;  ///< part -> (true class, predicted class)
  TrainingSummary training;
};

/// Executes a run. Values depend on the value-deciding part of `request` and the data only.
/// Throws what its parts throw; `result` then holds what the finished stages gave, and result files
/// are whole or absent.
void execute_run(const RunRequest& request, ComputeDevice& device, RunObserver& observer,
                 RunResult& result);

/// The first stages only: writes the feature matrix to `path`, in the format of features.h5.
RunResult export_features(const RunRequest& request, const std::string& path, ComputeDevice& device,
                          RunObserver& observer);

}  // namespace reprotrain::engine
