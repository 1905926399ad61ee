// SPDX-License-Identifier: Apache-2.0
// What `reprotrain env` says: the environment section of a record, what chooses code here, and what
// stands between this program and a GPU.
#pragma once

#include <string>

#include "harness/cli/gpu_support.h"
#include "harness/config/json_value.h"

namespace reprotrain::harness {

/// `environment` (environment_json()) with, instead of its "gpu":
///   cpu_paths  {"available": [...], "used": name}
///   threads    that --threads 0 takes
///   gpu        gpu_support_json(), and "kernel_driver" as /proc names it
///   missing    [{"what", "reason", "cost"}], empty where nothing is
Json env_report(const Json& environment, const GpuSupport& support);

/// The same for people: headings, one fact a line, file digests and long lists left out.
std::string env_table(const Json& report);

}  // namespace reprotrain::harness
