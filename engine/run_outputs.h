// SPDX-License-Identifier: Apache-2.0
// The files in result/ that hold tensors: model.h5, features.h5, predictions.h5
// (docs/run-record.md).
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/data/hdf5_tree.h"
#include "engine/data/split.h"
#include "engine/features/feature_plan.h"
#include "engine/models/model_config.h"
#include "engine/models/network.h"
#include "engine/train/targets.h"

namespace reprotrain::engine {

/// Content ids by tensor name: "model/parameters/layer0/weight", "features/X", "predictions/score".
using ContentIds = std::map<std::string, std::string>;

/// A trained model with everything that prediction needs.
struct SavedModel {
  ModelConfig config;
  FeaturePlan plan;
  std::vector<std::string> feature_names;
  Target target;  ///< name, task, classes, scale
  Network network;
};

/// Writes model.h5 and returns the ids of its tensors.
ContentIds write_model(const std::string& path, const ModelConfig& config, const FeaturePlan& plan,
                       const std::vector<std::string>& feature_names, const Target& target,
                       const Network& network);

/// Reads it back; its network is one of `device`, which must outlive it. Throws Error(kEvidence) naming
/// the file and the missing or unfit part.
SavedModel read_model(const std::string& path, ComputeDevice& device);

/// Writes features.h5: /X (n_rows, n_features) float32 with attribute feature_names, /y when there
/// is a target, /row_id, /split. Returns ids; with an empty path only the ids are computed.
ContentIds write_features(const std::string& path, const FeatureMatrix& features,
                          const Target* target, const Split* split);

/// What a model says about some rows.
struct Predictions {
  std::vector<int64_t> rows;         ///< row numbers in the source, from 0
  std::vector<std::string> split;    ///< part of each row; empty at predict time
  std::vector<float> values;         ///< regression: (n_rows), in the units of the data
  std::vector<int32_t> classes;      ///< classification: (n_rows), index into the target's classes
  std::vector<float> probabilities;  ///< classification: (n_rows, n_classes)
};

/// Writes predictions.h5: /row_id, /split, /prediction (values or class texts), /probability with
/// attribute classes. Returns the ids.
ContentIds write_predictions(const std::string& path, const Predictions& predictions,
                             const Target& target);

/// Ids of every tensor in the files of a result directory, read back from them.
ContentIds output_content_ids(const std::string& result_directory);

/// "element [3,7]: 0x1.8p-3 is 0x1.9p-3 (1 ulp apart)" for the named tensor of two result
/// directories; empty when it cannot be told.
std::string first_differing_element(const std::string& recorded_directory,
                                    const std::string& actual_directory, const std::string& tensor);

}  // namespace reprotrain::engine
