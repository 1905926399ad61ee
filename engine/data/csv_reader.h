// SPDX-License-Identifier: Apache-2.0
// CSV files as tables (docs/data-formats.md states every rule).
#pragma once

#include <string>

#include "engine/data/data_config.h"
#include "engine/data/dataset.h"
#include "engine/data/table.h"

namespace reprotrain::engine {

/// Reads a CSV file, plain or gzip, in one pass over its bytes.
///
/// A column is numeric when every field of it that is not missing is a number; else it is
/// categorical, or refused where nearly all of them are numbers. `config.column_kinds` overrides
/// that. A column that turns out to be text after its
/// first rows looked like numbers costs a second pass over those rows. Memory: the table, one block
/// of the file, and a tile of rows.
///
/// Throws Error(kData) naming file, line and column: ragged rows, stray or open quotes, empty or
/// duplicate names, text in a column declared numeric or of numbers, numbers beyond binary32, no header, no rows.
Table read_csv(const std::string& path, const DataConfig& config,
               const LoadProgress& progress = {});

}  // namespace reprotrain::engine
