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

/// Throws Error(kConfig) naming the keys unless the run that has begun in `paths` can be gone on with
/// under `config`: the same identity keys and the same trace stride.
void require_resumable(const RunConfig& config, const RunPaths& paths);

/// Executes the run in `directory` on `device` (going on with it when it has begun) and writes run.json last. Until
/// then run.partial.json says how far it came. Returns the record.
///
/// A loss that is not finite leaves a record with status "failed" and is thrown on as DivergedError.
/// Any other error before the first step leaves the directory as it was found.
/// Throws what require_resumable throws when the run has begun.
nlohmann::json run_and_record(const RunConfig& config, RunDirectory& directory,
                              engine::ComputeDevice& device, engine::RunObserver& progress);

}  // namespace reprotrain::harness
