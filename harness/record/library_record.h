// SPDX-License-Identifier: Apache-2.0
// Member `libraries` of a record: what computed the products of a run in mode `device`.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "engine/device/compute_device.h"
#include "engine/device/library_mode.h"
#include "harness/config/run_config.h"
#include "harness/record/run_directory.h"

namespace reprotrain::harness {

nlohmann::json libraries_json(const engine::LibraryReport& report);

/// What a claim of that mode means, in words; member `claim.meaning`.
std::string meaning_of_claim(const std::string& mode);

/// The member of a record, or nothing where it has none. Throws Error(kEvidence), naming `path`, where
/// it is damaged.
std::optional<engine::LibraryReport> recorded_libraries(const nlohmann::json& record,
                                                        const std::string& path);

/// Of a run that was begun and not finished: nothing for one in mode portable, and for one without a
/// checkpoint, which begins again. Throws Error(kEvidence) where a run in mode device has a checkpoint and
/// what computed it is not on record: it cannot go on with the same algorithms.
std::optional<engine::LibraryReport> begun_libraries(const RunConfig& config,
                                                     const RunPaths& paths);

/// What a run of `config` asks of its device: nothing in mode portable. With `only_recorded`, operations
/// that `recorded` lacks are refused.
std::optional<engine::LibraryRequest> library_request(
    const RunConfig& config, const std::optional<engine::LibraryReport>& recorded,
    bool only_recorded);

/// The fields in which the key of `recorded` differs from that of `device`, for a sentence; "" where
/// they agree or there is nothing to compare.
std::string key_difference(const std::optional<engine::LibraryReport>& recorded,
                           const engine::ComputeDevice& device);

}  // namespace reprotrain::harness
