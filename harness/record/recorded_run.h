// SPDX-License-Identifier: Apache-2.0
// Executes a run and leaves its record.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/run.h"
#include "engine/run_observer.h"
#include "harness/config/run_config.h"
#include "harness/record/run_directory.h"

namespace reprotrain::harness {

/// The engine's request for a configured run that writes into `paths`.
engine::RunRequest run_request(const RunConfig& config, const RunPaths& paths);

/// Executes the run in `directory` (going on with it when it has begun) and writes run.json last.
/// Until then run.partial.json says how far it came. Returns the record.
///
/// A loss that is not finite leaves a record with status "failed" and is thrown on as
/// DivergedError. Throws Error(kConfig) when a run that has begun was configured with other
/// identity keys.
nlohmann::json run_and_record(const RunConfig& config, const RunDirectory& directory,
                              engine::RunObserver& progress);

}  // namespace reprotrain::harness
