// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_table.h"

#include <unistd.h>

#include <algorithm>
#include <new>

#include "engine/data/canonical_dataset.h"
#include "engine/data/canonical_name.h"
#include "engine/data/content_id.h"
#include "engine/data/hdf5_collector.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

[[noreturn]] void fail(const std::string& sentence) { throw Error(ErrorKind::kData, sentence); }

int64_t machine_memory_bytes() {
  return static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
}

/// The columns of a file that write_canonical_dataset made.
class CanonicalLayout {
 public:
  CanonicalLayout(const std::string& path, Hdf5Collector& file) : path_(path), file_(file) {}

  Table table() {
    const auto& integers = file_.groups[""].integers;
    const auto rows = integers.find(std::string(kCanonicalRows));
    require(integers.at(std::string(kCanonicalMark)) == kCanonicalDatasetVersion &&
            rows != integers.end() && rows->second >= 0);
    Table table;
    table.n_rows = rows->second;
    for (CollectedDataset& dataset : file_.datasets) take(dataset, table);
    std::vector<Column> in_order(columns_.size());
    for (auto& [position, column] : columns_) {
      require(position >= 0 && position < static_cast<int64_t>(in_order.size()));
      in_order[static_cast<size_t>(position)] = std::move(column);
    }
    table.columns = std::move(in_order);
    return table;
  }

 private:
  void require(bool sound) const {
    if (sound) return;
    fail(path_ +
         ": is marked as a reprotrain dataset but is not laid out as one; import the source "
         "again");
  }

  void take(CollectedDataset& dataset, const Table& table) {
    const std::string prefix = "/" + std::string(kCanonicalColumns) + "/";
    require(dataset.path.starts_with(prefix) && dataset.columns.size() == 1);
    const std::string rest = dataset.path.substr(prefix.size());
    const size_t slash = rest.find('/');
    const auto name = from_link_name(rest.substr(0, slash));
    require(name.has_value());
    if (slash == std::string::npos) {
      take_numeric(dataset, *name, table);
    } else {
      take_categorical(dataset, *name, rest.substr(slash + 1), table);
    }
  }

  void take_numeric(CollectedDataset& dataset, const std::string& name, const Table& table) {
    const auto& shape = dataset.header.shape;
    require(dataset.header.type == Hdf5Type::floating(4) && !shape.empty() &&
            shape[0] == table.n_rows);
    Column& column = dataset.columns[0];
    if (column.kind == ColumnKind::kNumeric)
      column.item_shape.assign(shape.begin() + 1, shape.end());
    column.element_names = dataset.attributes.texts[std::string(kCanonicalElementNames)];
    require(column.element_names.empty() ||
            static_cast<int64_t>(column.element_names.size()) == column.width());
    place(name, dataset.attributes, std::move(column));
  }

  /// "categories" comes before "codes", by the order of names.
  void take_categorical(CollectedDataset& dataset, const std::string& name, const std::string& part,
                        const Table& table) {
    require(dataset.header.shape.size() == 1);
    if (part == kCanonicalCategories) {
      require(dataset.header.type == Hdf5Type::string());
      categories_ = std::move(dataset.columns[0].categories);
      categories_of_ = name;
      return;
    }
    require(part == kCanonicalCodes && categories_of_ == name &&
            dataset.header.type == Hdf5Type::integer(4, true) &&
            dataset.header.shape[0] == table.n_rows);
    Column& column = dataset.columns[0];
    column.kind = ColumnKind::kCategorical;
    column.categories = std::move(categories_);
    categories_of_.reset();
    const auto n = static_cast<int32_t>(column.categories.size());
    require(
        std::is_sorted(column.categories.begin(), column.categories.end(), std::less_equal<>()));
    require(std::all_of(column.codes.begin(), column.codes.end(),
                        [&](int32_t code) { return code >= kMissingCode && code < n; }));
    const std::string group = dataset.path.substr(0, dataset.path.rfind('/'));
    place(name, file_.groups[group], std::move(column));
  }

  void place(const std::string& name, const CollectedAttributes& attributes, Column column) {
    const auto position = attributes.integers.find(std::string(kCanonicalPosition));
    require(position != attributes.integers.end());
    column.name = name;
    require(columns_.emplace(position->second, std::move(column)).second);
  }

  const std::string& path_;
  Hdf5Collector& file_;
  std::map<int64_t, Column> columns_;  ///< by position
  std::vector<std::string> categories_;
  std::optional<std::string> categories_of_;
};

/// The columns of a compound table.
Table compound_table(CollectedDataset& dataset) {
  Table table;
  table.n_rows = dataset.header.shape[0];
  table.columns = std::move(dataset.columns);
  return table;
}

/// The columns of a flat file.
class FlatLayout {
 public:
  FlatLayout(const std::string& path, Hdf5Collector& file) : path_(path), file_(file) {}

  Table table() {
    Table table;
    const CollectedDataset& first = row_giver();
    table.n_rows = first.header.shape[0];
    for (CollectedDataset& dataset : file_.datasets) {
      if (!is_column(dataset)) continue;
      if (dataset.header.shape[0] != table.n_rows) {
        fail(place(dataset) + " has " + std::to_string(dataset.header.shape[0]) + " rows where " +
             first.path + " has " + std::to_string(table.n_rows) +
             "; every dataset of a flat file needs the same number");
      }
      table.columns.push_back(column_of(dataset));
    }
    return table;
  }

 private:
  static bool is_column(const CollectedDataset& dataset) {
    return !dataset.header.shape.empty() && dataset.path != "/feature_names";
  }

  /// The dataset that says how many rows there are: /X if there is one, else the first.
  const CollectedDataset& row_giver() const {
    const CollectedDataset* giver = nullptr;
    for (const CollectedDataset& dataset : file_.datasets) {
      if (is_column(dataset) && (giver == nullptr || dataset.path == "/X")) giver = &dataset;
    }
    if (giver == nullptr)
      fail(path_ + ": holds no dataset with rows; name a file with /X or a table");
    return *giver;
  }

  Column column_of(CollectedDataset& dataset) const {
    if (dataset.header.type.type_class == Hdf5Class::kCompound) {
      fail(place(dataset) + " is a compound table beside other datasets; keep one of the two");
    }
    const auto& shape = dataset.header.shape;
    Column column = std::move(dataset.columns[0]);
    column.name = dataset.path.substr(1);
    const bool one_value = dataset.values_per_row() == 1 && column.name != "X";
    if (one_value || column.kind == ColumnKind::kCategorical) return column;
    column.item_shape.assign(shape.begin() + 1, shape.end());
    column.element_names = element_names(dataset);
    return column;
  }

  std::vector<std::string> element_names(const CollectedDataset& dataset) const {
    const int64_t width = dataset.values_per_row();
    for (const char* key : {"names", "feature_names", "columns"}) {
      const auto found = dataset.attributes.texts.find(key);
      if (found == dataset.attributes.texts.end()) continue;
      return checked(found->second, width, place(dataset) + ", attribute " + key + ",");
    }
    for (const CollectedDataset& other : file_.datasets) {
      const bool names = dataset.path == "/X" && other.path == "/feature_names";
      if (names) return checked(other.columns[0].categories, width, place(other));
    }
    return {};
  }

  static std::vector<std::string> checked(const std::vector<std::string>& names, int64_t width,
                                          const std::string& where) {
    if (static_cast<int64_t>(names.size()) == width) return names;
    fail(where + " holds " + std::to_string(names.size()) + " names for " + std::to_string(width) +
         " columns; mend the names");
  }

  std::string place(const CollectedDataset& dataset) const {
    return path_ + ": dataset " + dataset.path;
  }

  const std::string& path_;
  Hdf5Collector& file_;
};

Table lay_out(const std::string& path, Hdf5Collector& file) {
  if (file.is_canonical()) return CanonicalLayout(path, file).table();
  const bool one_table = file.datasets.size() == 1 && file.datasets[0].header.shape.size() == 1 &&
                         file.datasets[0].header.type.type_class == Hdf5Class::kCompound;
  if (one_table) return compound_table(file.datasets[0]);
  return FlatLayout(path, file).table();
}

/// Categorical columns that the configuration wants as numbers.
void apply_numeric_kinds(const std::string& path, const DataConfig& config, Table& table) {
  for (Column& column : table.columns) {
    const auto kind = config.column_kinds.find(column.name);
    const bool wanted = kind != config.column_kinds.end() && kind->second == ColumnKind::kNumeric;
    if (wanted && column.kind == ColumnKind::kCategorical) {
      make_numeric(column, path + ": column \"" + column.name + "\"");
    }
  }
}

}  // namespace

Hdf5Table read_hdf5_table(const std::string& path, const DataConfig& config) {
  try {
    ContentIdHasher hasher;
    Hdf5Collector collector(path, config, machine_memory_bytes());
    Hdf5Tee both(hasher, collector);
    visit_hdf5(path, {}, both);
    Hdf5Table result{lay_out(path, collector), hasher.id()};
    apply_numeric_kinds(path, config, result.table);
    return result;
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::kEnvironment,
                path + ": the table does not fit in memory; free some or use a smaller file");
  }
}

}  // namespace reprotrain::engine
