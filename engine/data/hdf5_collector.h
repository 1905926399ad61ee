// SPDX-License-Identifier: Apache-2.0
// All datasets of an HDF5 file as columns, before a layout gives them a meaning.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/data_config.h"
#include "engine/data/hdf5_column.h"
#include "engine/data/hdf5_visitor.h"

namespace reprotrain::engine {

/// Attributes that a layout may need; others are not kept.
struct CollectedAttributes {
  std::map<std::string, int64_t> integers;                ///< scalars
  std::map<std::string, std::vector<std::string>> texts;  ///< of any shape
};

struct CollectedDataset {
  std::string path;  ///< "/X"
  Hdf5Header header;
  CollectedAttributes attributes;
  std::vector<Column> columns;  ///< one, or one a leaf of a compound; only the latter have names

  /// Product of the extents behind the first; 1 for a scalar.
  int64_t values_per_row() const;
};

/// Collects while events arrive. `config` says which columns are categorical whatever they hold.
class Hdf5Collector final : public Hdf5Visitor {
 public:
  /// Refuses datasets whose columns would not fit in `memory_bytes`.
  Hdf5Collector(const std::string& path, const DataConfig& config, int64_t memory_bytes)
      : file_(path), config_(config), memory_bytes_left_(memory_bytes) {}

  void begin_group(std::string_view name) override;
  void end_group() override;
  void begin_dataset(std::string_view name, const Hdf5Header& header) override;
  void end_dataset() override;
  void begin_attribute(std::string_view name, const Hdf5Header& header) override;
  void end_attribute() override;
  void data(std::span<const std::byte> elements) override;

  /// The root group carries the mark of canonical datasets.
  bool is_canonical() const;

  std::vector<CollectedDataset> datasets;             ///< in the order of the file
  std::map<std::string, CollectedAttributes> groups;  ///< path -> attributes; "" is the root

 private:
  struct OpenAttribute {
    std::string name;
    Hdf5Type type;
    std::vector<std::byte> elements;
  };

  CollectAs rule_for(const std::string& column, const Hdf5Type& leaf) const;
  void add_column(const std::string& column, const Hdf5Type& leaf);
  CollectedAttributes& owner();
  std::string place() const;

  const std::string& file_;
  const DataConfig& config_;
  int64_t memory_bytes_left_;
  std::string group_;  ///< path of the innermost open group
  bool in_dataset_ = false;
  std::vector<ColumnCollector> collectors_;  ///< of the open dataset, one a leaf
  std::vector<std::string> leaf_names_;      ///< of an open compound
  std::optional<OpenAttribute> attribute_;
};

}  // namespace reprotrain::engine
