// SPDX-License-Identifier: Apache-2.0
#include "engine/data/dataset.h"

#include <filesystem>
#include <new>
#include <utility>

#include "engine/data/csv_reader.h"
#include "engine/data/dataset_format.h"
#include "engine/data/file_digest.h"
#include "engine/data/hdf5_table.h"
#include "engine/data/idx_reader.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

InputIdentity identify(const std::string& role, const std::string& path, std::string content_id,
                       int64_t n_rows) {
  InputIdentity identity;
  identity.role = role;
  identity.path = path;
  identity.content_id = std::move(content_id);
  identity.file_sha256 = file_sha256(path);
  identity.size_bytes = static_cast<int64_t>(std::filesystem::file_size(path));
  identity.n_rows = n_rows;
  return identity;
}

// Content id of one column of the table by itself.
std::string column_content_id(Table& table, size_t index) {
  Table alone;
  alone.n_rows = table.n_rows;
  alone.columns.push_back(std::move(table.columns[index]));
  std::string id = canonical_content_id(alone);
  table.columns[index] = std::move(alone.columns[0]);
  return id;
}

LoadedDataset load_csv(const DataConfig& config, const LoadProgress& progress) {
  LoadedDataset dataset;
  dataset.table = read_csv(config.source, config, progress);
  dataset.inputs.push_back(
      identify("source", config.source, canonical_content_id(dataset.table), dataset.table.n_rows));
  return dataset;
}

// Images and labels are two inputs, each with the id of what it says by itself.
LoadedDataset load_idx(const DataConfig& config) {
  LoadedDataset dataset;
  Table& table = dataset.table;
  table = read_idx(config.source, config.labels, config);
  dataset.inputs.push_back(
      identify("source", config.source, column_content_id(table, 0), table.n_rows));
  if (!config.labels.empty()) {
    dataset.inputs.push_back(
        identify("labels", config.labels, column_content_id(table, 1), table.n_rows));
  }
  return dataset;
}

LoadedDataset load_hdf5(const DataConfig& config) {
  Hdf5Table read = read_hdf5_table(config.source, config);
  LoadedDataset dataset;
  dataset.table = std::move(read.table);
  dataset.inputs.push_back(
      identify("source", config.source, std::move(read.content_id), dataset.table.n_rows));
  return dataset;
}

LoadedDataset load(const DataConfig& config, const LoadProgress& progress) {
  const DataFormat format = recognise_format(config.source, config.format);
  if (format != DataFormat::kIdx && !config.labels.empty()) {
    throw Error(ErrorKind::kConfig,
                "/data/labels: goes with an IDX source only, and " + config.source +
                    " is none; remove it, the target is a column of the source");
  }
  switch (format) {
    case DataFormat::kHdf5:
      return load_hdf5(config);
    case DataFormat::kIdx:
      return load_idx(config);
    default:
      return load_csv(config, progress);
  }
}

}  // namespace

LoadedDataset load_dataset(const DataConfig& config, const LoadProgress& progress) {
  try {
    return load(config, progress);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::kEnvironment, config.source +
                                             ": there is not enough memory to hold the data; use "
                                             "fewer columns or a machine with more");
  }
}

}  // namespace reprotrain::engine
