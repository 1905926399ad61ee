// SPDX-License-Identifier: Apache-2.0
// run.json: the record of a run (docs/run-record.md), its digest, and how it is read back.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/run.h"
#include "harness/config/run_config.h"
#include "harness/record/run_directory.h"

namespace reprotrain::harness {

inline constexpr int kRecordVersion = 1;

/// SHA-256 of the canonical JSON of the record without its member `record_sha256`.
std::string record_digest(const nlohmann::json& record);

/// Adds `record_sha256` and writes the record atomically, indented for readers.
void write_record(nlohmann::json record, const std::string& path);

/// Reads run.json and checks `record_version` and `record_sha256`.
/// Throws Error(kEvidence) naming the file and what is wrong with it.
nlohmann::json read_record(const std::string& path);

/// The same with every byte that is no UTF-8 replaced by U+FFFD: paths and variables of a machine may
/// hold any bytes, a record may not.
nlohmann::json with_valid_utf8(const nlohmann::json& json);

/// The configuration of a recorded run; relative paths start at `base_directory`.
RunConfig recorded_config(const nlohmann::json& record, const std::string& base_directory);

/// {"test/accuracy": {"value": 0.97, "bits": "3fef0a3d70a3d70a"}, ...}; the bits are the value.
/// A value that is not finite has null as its value.
nlohmann::json metrics_json(const std::map<std::string, double>& metrics);

/// metrics.json: the metrics, and confusion matrices with their class names.
nlohmann::json metrics_file(const engine::RunResult& result);

/// {"result/model.h5": sha256, ...} for every file in result/, by relative path.
nlohmann::json result_file_digests(const RunPaths& paths);

}  // namespace reprotrain::harness
