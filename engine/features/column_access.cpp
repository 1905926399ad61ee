// SPDX-License-Identifier: Apache-2.0
#include "engine/features/column_access.h"

#include <algorithm>

#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

const char* kind_name(ColumnKind kind) {
  return kind == ColumnKind::kNumeric ? "numeric" : "categorical";
}

std::vector<size_t> named_columns(const TransformConfig& config, const Table& table) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < config.columns.names.size(); ++i) {
    const std::string pointer = config.config_pointer + "/columns/" + std::to_string(i);
    const auto index = static_cast<size_t>(table.require(config.columns.names[i], pointer));
    if (std::find(indices.begin(), indices.end(), index) != indices.end()) {
      throw Error(ErrorKind::kConfig, pointer + ": names column \"" + config.columns.names[i] +
                                          "\" a second time; remove it");
    }
    indices.push_back(index);
  }
  std::sort(indices.begin(), indices.end());
  return indices;
}

// Pointer of a selected column, for messages: of its name where it is named.
std::string pointer_of(const TransformConfig& config, const std::string& name) {
  const auto& names = config.columns.names;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return config.config_pointer + "/columns";
  return config.config_pointer + "/columns/" + std::to_string(found - names.begin());
}

}  // namespace

std::vector<size_t> select_columns(const TransformConfig& config, const Table& table) {
  using Rule = ColumnSelection::Rule;
  if (config.columns.rule == Rule::kNamed) return named_columns(config, table);
  std::vector<size_t> indices;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const ColumnKind kind = table.columns[i].kind;
    if ((config.columns.rule == Rule::kAllNumeric && kind != ColumnKind::kNumeric) ||
        (config.columns.rule == Rule::kAllCategorical && kind != ColumnKind::kCategorical)) {
      continue;
    }
    indices.push_back(i);
  }
  return indices;
}

void require_kind(const FitInput& input, ColumnKind kind, const std::string& remedy) {
  for (const size_t index : input.columns) {
    const Column& column = input.table.columns[index];
    if (column.kind == kind) continue;
    throw Error(ErrorKind::kConfig, pointer_of(input.config, column.name) + ": " + input.config.op +
                                        " works on " + kind_name(kind) + " columns and \"" +
                                        column.name + "\" is " + kind_name(column.kind) + "; " +
                                        remedy);
  }
}

Column& fitted_column(Table& table, std::string_view name, ColumnKind kind, int64_t width,
                      std::string_view op) {
  const int64_t index = table.find(name);
  if (index < 0) {
    throw Error(ErrorKind::kData, std::string(op) + ": the data has no column \"" +
                                      std::string(name) + "\", which training had; add it");
  }
  Column& column = table.columns[static_cast<size_t>(index)];
  if (column.kind != kind || column.width() != width) {
    throw Error(ErrorKind::kData, std::string(op) + ": column \"" + column.name + "\" is " +
                                      kind_name(column.kind) + " with " +
                                      std::to_string(column.width()) + " values per row, but was " +
                                      kind_name(kind) + " with " + std::to_string(width) +
                                      " in training; give it the same form");
  }
  return column;
}

void require_new_name(const Table& table, const std::string& name, std::string_view op) {
  if (table.find(name) < 0) return;
  throw Error(ErrorKind::kConfig, std::string(op) + ": would add a column \"" + name +
                                      "\", but there is one already; rename or drop that column");
}

std::vector<TrainingElement> training_elements(const FitInput& input) {
  std::vector<TrainingElement> elements;
  for (const size_t index : input.columns) {
    const Column& column = input.table.columns[index];
    const int64_t width = column.width();
    for (int64_t i = 0; i < width; ++i) {
      elements.push_back({index, i, {column.values.data() + i, width, input.train_rows}});
    }
  }
  return elements;
}

std::string element_label(const Table& table, const TrainingElement& element) {
  return "column \"" + table.columns[element.column].element_name(element.index) + "\"";
}

std::string row_label(int64_t row) { return "row " + std::to_string(row) + " (counted from 0)"; }

std::string short_quote(std::string_view text) {
  constexpr size_t kShown = 40;
  std::string quote = "\"";
  quote.append(text.substr(0, kShown)).append(text.size() > kShown ? "..." : "").append("\"");
  return quote;
}

}  // namespace reprotrain::engine
