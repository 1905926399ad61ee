// SPDX-License-Identifier: Apache-2.0
#include "engine/features/category_map.h"

#include <algorithm>
#include <array>

#include "engine/data/category_dictionary.h"
#include "engine/features/column_access.h"
#include "engine/features/stored_state.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

constexpr std::array<std::string_view, 3> kPolicyNames = {"error", "ignore", "other"};

KnownCategories known_categories_of(const FitInput& input, const Column& column) {
  std::vector<bool> seen(column.categories.size(), false);
  for (const int64_t row : input.train_rows) {
    const int32_t code = column.codes[static_cast<size_t>(row)];
    if (code >= 0) seen[static_cast<size_t>(code)] = true;
  }
  KnownCategories known{column.name, {}};
  for (size_t i = 0; i < seen.size(); ++i) {
    if (seen[i]) known.categories.push_back(column.categories[i]);
  }
  if (known.categories.empty()) {
    throw Error(ErrorKind::kData, input.config.config_pointer + ": column \"" + column.name +
                                      "\" has no value in the training rows; drop it");
  }
  return known;
}

// Index in `known` of each category of the column; known.size() for those that are not there.
std::vector<int32_t> index_of_code(const std::vector<std::string>& known, const Column& column) {
  std::vector<int32_t> index;
  for (const std::string& category : column.categories) {
    const auto place = std::lower_bound(known.begin(), known.end(), category, bytes_less);
    const bool found = place != known.end() && *place == category;
    index.push_back(static_cast<int32_t>(found ? place - known.begin()
                                               : static_cast<std::ptrdiff_t>(known.size())));
  }
  return index;
}

[[noreturn]] void fail_at(const Column& column, size_t row, std::string_view op,
                          const std::string& rest) {
  throw Error(ErrorKind::kData, std::string(op) + ": column \"" + column.name + "\", " +
                                    row_label(static_cast<int64_t>(row)) + ": " + rest);
}

}  // namespace

std::vector<KnownCategories> known_categories(const FitInput& input) {
  require_kind(input, ColumnKind::kCategorical,
               "declare it categorical in /data/columns or leave it out here");
  std::vector<KnownCategories> columns;
  for (const size_t index : input.columns) {
    columns.push_back(known_categories_of(input, input.table.columns[index]));
  }
  return columns;
}

std::vector<int32_t> known_indices(const KnownCategories& known, const Column& column,
                                   UnseenPolicy unseen, std::string_view op) {
  const std::vector<int32_t> index = index_of_code(known.categories, column);
  const auto n_known = static_cast<int32_t>(known.categories.size());
  std::vector<int32_t> indices;
  indices.reserve(column.codes.size());
  for (size_t row = 0; row < column.codes.size(); ++row) {
    const int32_t code = column.codes[row];
    if (code == kMissingCode)
      fail_at(column, row, op, "is missing; put impute before " + std::string(op));
    const int32_t known_index = index[static_cast<size_t>(code)];
    if (known_index == n_known && unseen == UnseenPolicy::kError) {
      fail_at(column, row, op,
              "has the category " + short_quote(column.categories[static_cast<size_t>(code)]) +
                  ", which the training rows do not have; correct it or set another policy for "
                  "\"unseen\"");
    }
    indices.push_back(known_index);
  }
  return indices;
}

std::string ordered_name(int64_t index) {
  const std::string digits = std::to_string(index);
  return std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

void save_categories(const std::vector<KnownCategories>& columns, Hdf5Node& group) {
  group.attributes["n_columns"] = Array::scalar(static_cast<int64_t>(columns.size()));
  for (size_t i = 0; i < columns.size(); ++i) {
    Hdf5Node& column = group.at_or_create(ordered_name(static_cast<int64_t>(i)));
    column.attributes["column"] = Array::scalar(columns[i].name);
    column.set_dataset("categories", Array::of(columns[i].categories));
  }
}

std::vector<KnownCategories> load_categories(const Hdf5Node& group) {
  const int64_t n_columns = stored_integer_attribute(group, "n_columns");
  std::vector<KnownCategories> columns;
  for (int64_t i = 0; i < n_columns; ++i) {
    const Hdf5Node& column = group.require(ordered_name(i), "the stored features");
    columns.push_back(
        {stored_text_attribute(column, "column"), stored_categories(column, "categories")});
  }
  return columns;
}

void save_policy(UnseenPolicy policy, Hdf5Node& group) {
  group.attributes["unseen"] =
      Array::scalar(std::string(kPolicyNames[static_cast<size_t>(policy)]));
}

UnseenPolicy load_policy(const Hdf5Node& group) {
  const std::string name = stored_text_attribute(group, "unseen");
  for (size_t i = 0; i < kPolicyNames.size(); ++i) {
    if (kPolicyNames[i] == name) return static_cast<UnseenPolicy>(i);
  }
  fail_stored_state("there is no policy " + short_quote(name) + " for unseen categories");
}

}  // namespace reprotrain::engine
