// SPDX-License-Identifier: Apache-2.0
// Where a run happened: what a person asks for when two runs differ. Nothing in it enters a result
// id.
#pragma once

#include <string>
#include <string_view>

#include "harness/config/json_value.h"

namespace reprotrain::harness {

/// The environment section of a record: program (version, commit, compiler, flags, executable
/// SHA-256), cpu, memory, os, libc, locale, loaded libraries with SHA-256, HDF5 version,
/// whitelisted variables, container image, GPU. What can't be had is {"unknown": "<reason>"}. Holds
/// no times, paths of ours or host names.
///
/// `root` is put before the paths of /proc, /etc and /run that are read; tests pass a folder of
/// theirs.
Json environment_json(const std::string& root = "");

/// True for variables that are recorded: CUDA_*, CUBLAS_*, NCCL_*, OMP_*, HDF5_* and a few more
/// that libraries of ours read.
bool is_recorded_variable(std::string_view name);

}  // namespace reprotrain::harness
