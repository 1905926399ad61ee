// SPDX-License-Identifier: Apache-2.0
// A small table with everything in it that features meet.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "engine/data/category_dictionary.h"
#include "engine/data/hdf5_tree.h"
#include "engine/data/table.h"
#include "engine/features/feature_plan.h"

namespace reprotrain::engine {

inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

inline Column numeric_column(const std::string& name, std::vector<float> values,
                             std::vector<int64_t> item_shape = {}) {
  Column column;
  column.name = name;
  column.item_shape = std::move(item_shape);
  column.values = std::move(values);
  return column;
}

/// "" is a missing text.
inline Column categorical_column(const std::string& name, const std::vector<std::string>& texts) {
  Column column;
  column.name = name;
  column.kind = ColumnKind::kCategorical;
  CategoryDictionary dictionary;
  for (const std::string& text : texts) {
    column.codes.push_back(text.empty() ? kMissingCode : dictionary.code_of(text));
  }
  column.categories = dictionary.finish(column.codes);
  return column;
}

inline std::vector<int64_t> first_rows(int64_t n) {
  std::vector<int64_t> rows(static_cast<size_t>(n));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  return rows;
}

inline TransformConfig transform(const std::string& op, std::vector<std::string> columns) {
  TransformConfig config;
  config.op = op;
  config.config_pointer = "/features/0";
  config.columns.names = std::move(columns);
  return config;
}

/// Rows [begin, end) of an endless table: amount (some missing), color (some missing; "violet" only
/// from row 50 on), comment, pixels (2 x 2, some missing), size, weight.
inline Table example_rows(int64_t begin, int64_t end) {
  Table table;
  table.n_rows = end - begin;
  std::vector<float> amount, pixels, weight;
  std::vector<std::string> color, comment, size;
  static const char* const kColors[] = {"red", "green", "", "blue", "red"};
  static const char* const kSizes[] = {"small", "large", "medium"};
  for (int64_t row = begin; row < end; ++row) {
    const auto r = static_cast<float>(row);
    amount.push_back(row % 7 == 3 ? kNaN : static_cast<float>(row * row % 977) / 7.0f);
    color.push_back(row % 50 == 49 ? "violet" : kColors[row % 5]);
    comment.push_back("row " + std::to_string(row));
    size.push_back(kSizes[row * row % 3]);
    weight.push_back(1e6f + r / 3.0f);
    for (int64_t i = 0; i < 4; ++i) {
      pixels.push_back((row + i) % 11 == 5 ? kNaN : static_cast<float>((row * 31 + i * 17) % 256));
    }
  }
  table.columns = {numeric_column("amount", amount),       categorical_column("color", color),
                   categorical_column("comment", comment), numeric_column("pixels", pixels, {2, 2}),
                   categorical_column("size", size),       numeric_column("weight", weight)};
  return table;
}
inline Table example_table(int64_t n_rows) { return example_rows(0, n_rows); }
inline Table example_row(int64_t row) { return example_rows(row, row + 1); }

inline void expect_equal_arrays(const Array& a, const Array& b, const std::string& place) {
  EXPECT_EQ(a.type, b.type) << place;
  EXPECT_EQ(a.shape, b.shape) << place;
  EXPECT_EQ(a.bytes, b.bytes) << place;
  EXPECT_EQ(a.strings, b.strings) << place;
}

inline void expect_equal_trees(const Hdf5Node& a, const Hdf5Node& b,
                               const std::string& place = "") {
  ASSERT_EQ(a.is_dataset, b.is_dataset) << place;
  ASSERT_EQ(a.attributes.size(), b.attributes.size()) << place;
  ASSERT_EQ(a.children.size(), b.children.size()) << place;
  if (a.is_dataset) expect_equal_arrays(a.array, b.array, place);
  for (const auto& [name, attribute] : a.attributes) {
    ASSERT_EQ(b.attributes.count(name), 1u) << place << "@" << name;
    expect_equal_arrays(attribute, b.attributes.at(name), place + "@" + name);
  }
  for (const auto& [name, child] : a.children) {
    ASSERT_EQ(b.children.count(name), 1u) << place << "/" << name;
    expect_equal_trees(child, b.children.at(name), place + "/" + name);
  }
}

}  // namespace reprotrain::engine
