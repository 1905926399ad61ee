// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/dataset_table.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "kernels/reduce/column_statistics.h"

namespace reprotrain::harness {

namespace {

constexpr size_t kCategoriesShown = 5;

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

ColumnDescription describe_numeric(const engine::Column& column) {
  ColumnDescription description{column.name, "numeric", 0, ""};
  for (size_t axis = 0; axis < column.item_shape.size(); ++axis) {
    description.kind += (axis == 0 ? " " : "x") + std::to_string(column.item_shape[axis]);
  }
  std::vector<int64_t> all(column.values.size());
  std::iota(all.begin(), all.end(), 0);
  const auto moments = kernels::column_moments({column.values.data(), 1, all});
  description.n_missing = static_cast<int64_t>(all.size()) - moments.count;
  if (moments.count > 0) {
    description.values = number_text(static_cast<double>(moments.min)) + " .. " +
                         number_text(static_cast<double>(moments.max)) + ", mean " +
                         number_text(moments.mean);
  }
  return description;
}

ColumnDescription describe_categorical(const engine::Column& column) {
  ColumnDescription description{column.name, "categorical", 0, ""};
  description.n_missing =
      std::count(column.codes.begin(), column.codes.end(), engine::kMissingCode);
  description.values = std::to_string(column.categories.size()) + " categories:";
  for (size_t i = 0; i < column.categories.size() && i < kCategoriesShown; ++i) {
    description.values += (i == 0 ? " " : ", ") + column.categories[i];
  }
  if (column.categories.size() > kCategoriesShown) description.values += ", ...";
  return description;
}

}  // namespace

std::vector<ColumnDescription> describe_columns(const engine::Table& table) {
  std::vector<ColumnDescription> descriptions;
  for (const auto& column : table.columns) {
    descriptions.push_back(column.kind == engine::ColumnKind::kNumeric
                               ? describe_numeric(column)
                               : describe_categorical(column));
  }
  return descriptions;
}

void print_identities(const std::vector<engine::InputIdentity>& inputs) {
  for (const auto& input : inputs) {
    std::printf("%-11s %s\n", input.role.c_str(), input.path.c_str());
    std::printf("content id  %s\n", input.content_id.c_str());
    std::printf("sha256      %s\n", input.file_sha256.c_str());
  }
}

void print_columns(int64_t n_rows, const std::vector<ColumnDescription>& columns) {
  size_t name_width = 6;
  size_t kind_width = 11;
  for (const auto& column : columns) {
    name_width = std::max(name_width, column.name.size());
    kind_width = std::max(kind_width, column.kind.size());
  }
  std::printf("rows        %lld\ncolumns     %zu\n\n", static_cast<long long>(n_rows),
              columns.size());
  std::printf("%-*s  %-*s  %9s  %s\n", static_cast<int>(name_width), "column",
              static_cast<int>(kind_width), "kind", "missing", "values");
  for (const auto& column : columns) {
    std::printf("%-*s  %-*s  %9lld  %s\n", static_cast<int>(name_width), column.name.c_str(),
                static_cast<int>(kind_width), column.kind.c_str(),
                static_cast<long long>(column.n_missing), column.values.c_str());
  }
}

nlohmann::json columns_json(const engine::LoadedDataset& dataset,
                            const std::vector<ColumnDescription>& columns) {
  nlohmann::json json = {{"rows", dataset.table.n_rows},
                         {"inputs", nlohmann::json::array()},
                         {"columns", nlohmann::json::array()}};
  for (const auto& input : dataset.inputs) {
    json["inputs"].push_back({{"role", input.role},
                              {"path", input.path},
                              {"content_id", input.content_id},
                              {"sha256", input.file_sha256}});
  }
  for (const auto& column : columns) {
    json["columns"].push_back({{"name", column.name},
                               {"kind", column.kind},
                               {"missing", column.n_missing},
                               {"values", column.values}});
  }
  return json;
}

}  // namespace reprotrain::harness
