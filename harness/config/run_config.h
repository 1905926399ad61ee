// SPDX-License-Identifier: Apache-2.0
// A configuration as the program uses it: checked, defaults filled in, paths resolved.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/data/data_config.h"
#include "engine/features/feature_plan.h"
#include "engine/models/model_config.h"
#include "engine/train/train_config.h"
#include "harness/config/json_document.h"

namespace reprotrain::harness {

/// Section `numerics`.
struct NumericsConfig {
  std::string mode;       ///< "portable" or "device"
  std::string matmul;     ///< "fma32", "int8x2" or "int8x3"
  std::string precision;  ///< mode device: "fp32", "tf32" or "bf16"; else empty

  bool is_portable() const { return mode == "portable"; }
  /// The name of what defines the products of a run.
  const std::string& products() const { return is_portable() ? matmul : precision; }
};

/// Section `output`; never reaches a value.
struct OutputConfig {
  std::string directory;  ///< resolved; empty: the command line decides
  bool features = true;
  int64_t trace_stride = 10;
  int64_t checkpoint_stride = 500;
  int64_t checkpoints_kept = 2;
  std::string log_level;
};

/// Section `runtime`; never reaches a value.
struct RuntimeConfig {
  std::string device;
  int threads = 0;                 ///< 0: as many as there are processors
  int64_t memory_limit_bytes = 0;  ///< 0: no limit
};

struct RunConfig {
  std::string name;  ///< the stem of the file's name when the configuration has none
  std::string description;
  uint64_t seed = 0;
  engine::DataConfig data;  ///< paths resolved against the configuration's directory
  std::vector<engine::TransformConfig> features;
  bool trains = false;  ///< sections `model` and `train` are there; else feature export only
  engine::ModelConfig model;
  engine::TrainConfig train;
  NumericsConfig numerics;
  OutputConfig output;
  RuntimeConfig runtime;
  Json resolved;  ///< the whole document with defaults; paths as they were written
};

/// Reads a configuration file, applies the `--set` assignments in order, checks it and fills in
/// defaults. Relative paths start at the file's directory; those of an assignment do too.
/// Throws Error(kConfig / kUsage) with one sentence that names place, key and remedy.
RunConfig load_run_config(const std::string& path, std::span<const std::string> assignments = {});

/// As load_run_config, for a document that is already in memory, such as the config.json of a run
/// directory. Relative paths start at `base_directory`.
RunConfig run_config_from_json(const JsonDocument& document, const std::string& base_directory);

/// The keys of a resolved configuration that decide the result: everything but paths, names, output
/// and runtime. Its canonical JSON is part of the result id.
Json identity_part(const Json& resolved);

/// Throws Error(kConfig) unless `config` has a model to train; `path` is named in the sentence.
void require_training(const RunConfig& config, const std::string& path);

}  // namespace reprotrain::harness
