// SPDX-License-Identifier: Apache-2.0
// Which format a data file has: its content decides.
#pragma once

#include <string>

#include "engine/data/data_config.h"

namespace reprotrain::engine {

/// Format of the file's content: HDF5 by its signature, IDX by its magic (plain or gzip), else CSV.
///
/// `declared` must agree with it; where that is kAuto, the extension must (csv, tsv, txt; idx; h5,
/// hdf5, hdf; each with or without .gz; others say nothing). Throws Error(kData) naming the file,
/// what was claimed and what was found, also for well-known formats that reprotrain does not read.
DataFormat recognise_format(const std::string& path, DataFormat declared);

}  // namespace reprotrain::engine
