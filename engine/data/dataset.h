// SPDX-License-Identifier: Apache-2.0
// Loading a dataset and knowing which dataset it was.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/data/data_config.h"
#include "engine/data/table.h"

namespace reprotrain::engine {

/// Identity of one input file: what it says (content) and how it was stored (transport).
struct InputIdentity {
  std::string role;  ///< "source" or "labels"
  std::string path;
  std::string content_id;   ///< "h5c1:<64 hex digits>", independent of file format and layout
  std::string file_sha256;  ///< of the file's bytes
  int64_t size_bytes = 0;
  int64_t n_rows = 0;
};

struct LoadedDataset {
  Table table;
  std::vector<InputIdentity> inputs;
};

/// Progress of a load in bytes of the file; may be empty.
using LoadProgress = std::function<void(int64_t bytes_done, int64_t bytes_total)>;

/// Reads `config.source` (and `config.labels`) into memory.
///
/// CSV and IDX input has the content id of the dataset that `data import` would write; an HDF5 file
/// has its own. Throws Error(kData) naming file, line or dataset, and column.
LoadedDataset load_dataset(const DataConfig& config, const LoadProgress& progress = {});

/// Writes `table` as the canonical HDF5 dataset (docs/content-id.md), atomically. Equal tables give
/// byte-identical files with one version of libhdf5, and one content id with every version.
void write_canonical_dataset(const Table& table, const std::string& path);

/// Content id of the file that write_canonical_dataset would write, without writing it.
std::string canonical_content_id(const Table& table);

}  // namespace reprotrain::engine
