// SPDX-License-Identifier: Apache-2.0
// HDF5 file -> table: canonical datasets, flat files, compound tables.
#pragma once

#include <string>

#include "engine/data/data_config.h"
#include "engine/data/table.h"

namespace reprotrain::engine {

struct Hdf5Table {
  Table table;
  std::string content_id;  ///< of the whole file
};

/// Reads a file once, in a limited child process, for its table and its content id.
///
/// Layouts (docs/content-id.md, "What a file means as a table"):
///   canonical  what write_canonical_dataset writes
///   flat       every dataset has n_rows along its first axis and is a column named by its path
///              without the leading slash: /X (n, f) or (n, h, w...) is a block column, (n) and
///              (n, 1) are scalar columns; scalars, and /feature_names, are not columns
///   compound   one 1-D compound dataset; each member is a column
/// Numbers become binary32 by one rounding; booleans 0 or 1; texts and other enums categorical; NaN
/// is missing. `config.column_kinds` overrides that. Throws Error(kData) naming file and dataset.
Hdf5Table read_hdf5_table(const std::string& path, const DataConfig& config);

}  // namespace reprotrain::engine
