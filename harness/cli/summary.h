// SPDX-License-Identifier: Apache-2.0
// What a person reads at the end of a run, and before a dry one.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "harness/config/run_config.h"
#include "harness/record/run_directory.h"

namespace reprotrain::harness {

/// Metrics as a table (one column per part of the data), the result id, where things lie, and the
/// command that verifies the run; on stdout.
void print_summary(const nlohmann::json& record, const RunPaths& paths);

/// What a run of this configuration would do.
void print_plan(const RunConfig& config, const std::string& out);

}  // namespace reprotrain::harness
