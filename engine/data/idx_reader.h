// SPDX-License-Identifier: Apache-2.0
// IDX files (the format of MNIST) as tables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/data_config.h"
#include "engine/data/table.h"

namespace reprotrain::engine {

/// True when `bytes`, the first (at least 4) of a file, can start an IDX file: 0, 0, a known
/// element type, a rank from 1 to 8.
bool looks_like_idx(std::string_view bytes);

/// Reads an IDX file, plain or gzip, of any element type, as one column with a row per entry of the
/// first dimension: rank 1 gives a scalar column "value", higher ranks a block column "pixels"
/// whose item_shape is the other dimensions. With `labels_path` (not empty), the entries of that
/// rank-1 file become a second column, named `config.target` or "label"; `config.column_kinds` may
/// make it categorical when its type is an integer one (categories are the decimal texts).
///
/// Numbers become binary32, rounded once; NaN means missing. Throws Error(kData) naming the file:
/// wrong magic, dimension 0, absurd or overflowing sizes, truncated data, bytes after the data,
/// numbers of rows that differ, a binary64 value beyond binary32.
Table read_idx(const std::string& path, const std::string& labels_path, const DataConfig& config);

}  // namespace reprotrain::engine
