// SPDX-License-Identifier: Apache-2.0
// How transforms find the columns they work on.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "engine/features/transform.h"
#include "kernels/reduce/column_statistics.h"

namespace reprotrain::engine {

/// Indices of the selected columns, ascending. Throws Error(kConfig) with the pointer of the name
/// for a column that is not there (with "did you mean") or is named twice.
std::vector<size_t> select_columns(const TransformConfig& config, const Table& table);

/// Throws Error(kConfig) when a selected column is of another kind, with `remedy`.
void require_kind(const FitInput& input, ColumnKind kind, const std::string& remedy);

/// Column of a table that a fitted transform is applied to. Throws Error(kData) when it is missing
/// or differs in kind or width from the one that the transform was fitted on.
Column& fitted_column(Table& table, std::string_view name, ColumnKind kind, int64_t width,
                      std::string_view op);

/// Throws Error(kConfig) when `name` is already a column of the table.
void require_new_name(const Table& table, const std::string& name, std::string_view op);

/// One element of a selected numeric column, restricted to the training rows.
struct TrainingElement {
  size_t column;  ///< index in the table
  int64_t index;  ///< element of the column
  kernels::StridedColumn values;
};

/// All elements of the selected numeric columns, in order.
std::vector<TrainingElement> training_elements(const FitInput& input);

/// `column "x"` or `column "pixels[7]"`.
std::string element_label(const Table& table, const TrainingElement& element);

/// The smallest row that any thread reported: errors do not depend on who came first.
class FirstRow {
 public:
  void report(int64_t row) {
    int64_t seen = row_.load(std::memory_order_relaxed);
    while (row < seen && !row_.compare_exchange_weak(seen, row, std::memory_order_relaxed)) {
    }
  }
  bool found() const { return row_.load() != kNone; }
  int64_t row() const { return row_.load(); }

 private:
  static constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  std::atomic<int64_t> row_{kNone};
};

/// `row 7 (counted from 0)`.
std::string row_label(int64_t row);

/// `text` in quotes, cut after 40 bytes.
std::string short_quote(std::string_view text);

}  // namespace reprotrain::engine
