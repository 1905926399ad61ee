// SPDX-License-Identifier: Apache-2.0
// A dataset in memory: typed columns of equal length.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reprotrain::engine {

enum class ColumnKind {
  kNumeric,      ///< binary32 values, NaN where missing
  kCategorical,  ///< codes into a sorted list of distinct texts, kMissingCode where missing
};

inline constexpr int32_t kMissingCode = -1;

/// One column. A numeric column may hold a block per row (an image, a matrix row `/X`):
/// `item_shape` is then not empty and `values` is (n_rows, width()), row-major.
struct Column {
  std::string name;
  ColumnKind kind = ColumnKind::kNumeric;
  std::vector<int64_t> item_shape;         ///< {} for one value per row, {28, 28} for an image
  std::vector<std::string> element_names;  ///< of the width() elements; empty: see element_name
  std::vector<float> values;               ///< numeric: (n_rows, width())
  std::vector<int32_t> codes;              ///< categorical: (n_rows)
  std::vector<std::string> categories;     ///< categorical: distinct texts, sorted by bytes

  /// Number of values per row: the product of item_shape, 1 for a scalar column.
  int64_t width() const;
  /// Name of one element: `name` for a scalar column, else element_names[i], else `name[i]`.
  std::string element_name(int64_t index) const;
};

struct Table {
  int64_t n_rows = 0;
  std::vector<Column> columns;

  /// Index of the column called `name`, or -1.
  int64_t find(std::string_view name) const;
  /// As find, but throws Error(kConfig) naming `key` (the configuration key that asked for the
  /// column) and the closest column name.
  int64_t require(std::string_view name, std::string_view key) const;
};

}  // namespace reprotrain::engine
