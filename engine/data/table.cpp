// SPDX-License-Identifier: Apache-2.0
#include "engine/data/table.h"

#include "engine/data/closest_name.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

// Enough names to recognise the table by, few enough for one line.
std::string first_names(const std::vector<std::string>& names) {
  constexpr size_t kShown = 8;
  std::string text;
  for (size_t i = 0; i < names.size() && i < kShown; ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kShown) text += ", ... (" + std::to_string(names.size()) + " in all)";
  return text;
}

}  // namespace

int64_t Column::width() const {
  int64_t product = 1;
  for (const int64_t extent : item_shape) product *= extent;
  return product;
}

std::string Column::element_name(int64_t index) const {
  if (static_cast<size_t>(index) < element_names.size()) {
    return element_names[static_cast<size_t>(index)];
  }
  return item_shape.empty() ? name : name + "[" + std::to_string(index) + "]";
}

int64_t Table::find(std::string_view name) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return static_cast<int64_t>(i);
  }
  return -1;
}

int64_t Table::require(std::string_view name, std::string_view key) const {
  const int64_t index = find(name);
  if (index >= 0) return index;
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  const std::string guess = did_you_mean(name, names);
  throw Error(ErrorKind::kConfig,
              std::string(key) + ": the data has no column \"" + std::string(name) + "\"" +
                  (guess.empty() ? "; its columns are " + first_names(names) : guess));
}

}  // namespace reprotrain::engine
