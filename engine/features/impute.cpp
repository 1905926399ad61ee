// SPDX-License-Identifier: Apache-2.0
#include "engine/features/impute.h"

#include <algorithm>

#include "engine/data/category_dictionary.h"
#include "engine/features/column_access.h"
#include "engine/features/stored_state.h"
#include "include/reprotrain/error.h"
#include "kernels/base/float_bits.h"
#include "kernels/feature/impute.h"

namespace reprotrain::engine {

namespace {

constexpr int64_t kGrainElements = 1 << 14;

[[noreturn]] void fail(const FitInput& input, ErrorKind kind, const std::string& rest) {
  throw Error(kind, input.config.config_pointer + ": " + rest);
}

float statistic_of(ImputeStrategy strategy, const kernels::StridedColumn& values) {
  switch (strategy) {
    case ImputeStrategy::kMean:
      return kernels::fill_of(kernels::column_moments(values).mean);
    case ImputeStrategy::kMedian:
      return kernels::fill_of(kernels::column_median(values));
    default:
      return kernels::column_most_frequent(values);
  }
}

float constant_number(const FitInput& input) {
  const auto found = input.config.numbers.find("value");
  if (found == input.config.numbers.end()) {
    fail(input, ErrorKind::kConfig,
         "impute with strategy constant needs a number \"value\" for numeric columns; add it");
  }
  return kernels::fill_of(found->second);
}

std::string constant_text(const FitInput& input) {
  const auto found = input.config.texts.find("value");
  if (found == input.config.texts.end()) {
    fail(input, ErrorKind::kConfig,
         "impute with strategy constant needs a text \"value\" for categorical columns; add it");
  }
  return found->second;
}

// One fill value per element of the selected numeric columns.
std::vector<float> numeric_fills(const FitInput& input) {
  const std::vector<TrainingElement> elements = training_elements(input);
  std::vector<float> fills(elements.size());
  if (elements.empty()) return fills;
  if (input.config.strategy == ImputeStrategy::kConstant) {
    std::fill(fills.begin(), fills.end(), constant_number(input));
    return fills;
  }
  input.parallel.for_ranges(static_cast<int64_t>(fills.size()), 1, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      fills[i] = statistic_of(input.config.strategy, elements[i].values);
    }
  });
  for (size_t i = 0; i < fills.size(); ++i) {
    if (kernels::is_finite(fills[i])) continue;
    fail(input, ErrorKind::kData,
         element_label(input.table, elements[i]) +
             (kernels::is_nan(fills[i]) ? " has no value in the training rows; drop it or use "
                                          "strategy constant"
                                        : " holds infinities; clip or correct it first"));
  }
  return fills;
}

// The most frequent category of the training rows; of equals the first in byte order.
std::string most_frequent_text(const FitInput& input, const Column& column) {
  std::vector<int64_t> counts(column.categories.size(), 0);
  for (const int64_t row : input.train_rows) {
    const int32_t code = column.codes[static_cast<size_t>(row)];
    if (code >= 0) ++counts[static_cast<size_t>(code)];
  }
  const auto best = std::max_element(counts.begin(), counts.end());
  if (best == counts.end() || *best == 0) {
    fail(input, ErrorKind::kData,
         "column \"" + column.name +
             "\" has no value in the training rows; drop it or use "
             "strategy constant");
  }
  return column.categories[static_cast<size_t>(best - counts.begin())];
}

std::string fill_text(const FitInput& input, const Column& column) {
  switch (input.config.strategy) {
    case ImputeStrategy::kConstant:
      return constant_text(input);
    case ImputeStrategy::kMostFrequent:
      return most_frequent_text(input, column);
    default:
      fail(input, ErrorKind::kConfig,
           "column \"" + column.name +
               "\" is categorical and has no mean or median; use strategy most_frequent");
  }
}

Column indicator_column(const Column& column) {
  Column indicator;
  indicator.name = column.name + "_missing";
  indicator.item_shape = column.item_shape;
  if (!column.item_shape.empty()) {
    for (int64_t i = 0; i < column.width(); ++i) {
      indicator.element_names.push_back(column.element_name(i) + "_missing");
    }
  }
  return indicator;
}

void insert_after(Table& table, const std::string& name, Column&& added) {
  require_new_name(table, added.name, "impute");
  table.columns.insert(table.columns.begin() + table.find(name) + 1, std::move(added));
}

// Code of `text` in the column, which gets it as a category where it is new.
int32_t code_of_category(Column& column, const std::string& text) {
  const auto place =
      std::lower_bound(column.categories.begin(), column.categories.end(), text, bytes_less);
  const auto code = static_cast<int32_t>(place - column.categories.begin());
  if (place != column.categories.end() && *place == text) return code;
  column.categories.insert(place, text);
  for (int32_t& other : column.codes) other += other >= code ? 1 : 0;
  return code;
}

}  // namespace

std::unique_ptr<Transform> Impute::fit(const FitInput& input) {
  auto transform = std::make_unique<Impute>();
  transform->indicator_ = input.config.indicator;
  FitInput numeric = input;
  numeric.columns.clear();
  for (const size_t index : input.columns) {
    const Column& column = input.table.columns[index];
    if (column.kind == ColumnKind::kNumeric) {
      numeric.columns.push_back(index);
    } else {
      transform->texts_.push_back({column.name, fill_text(input, column)});
    }
  }
  const std::vector<float> fills = numeric_fills(numeric);
  auto next = fills.begin();
  for (const size_t index : numeric.columns) {
    const Column& column = input.table.columns[index];
    transform->numeric_.push_back({column.name, {next, next + column.width()}});
    next += column.width();
  }
  return transform;
}

void Impute::apply_numeric(Table& table, const NumericFill& fill,
                           const kernels::Parallel& parallel) const {
  const auto width = static_cast<int64_t>(fill.elements.size());
  Column& column = fitted_column(table, fill.name, ColumnKind::kNumeric, width, op());
  Column indicator = indicator_column(column);
  if (indicator_) indicator.values.resize(column.values.size());
  const auto fill_rows = [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t i = 0; i < width; ++i) {
        const auto at = static_cast<size_t>(row * width + i);
        const float value = column.values[at];
        column.values[at] = kernels::imputed(value, fill.elements[static_cast<size_t>(i)]);
        if (indicator_) indicator.values[at] = kernels::is_nan(value) ? 1.0f : 0.0f;
      }
    }
  };
  parallel.for_ranges(table.n_rows, std::max<int64_t>(1, kGrainElements / width), fill_rows);
  if (indicator_) insert_after(table, fill.name, std::move(indicator));
}

void Impute::apply_text(Table& table, const TextFill& fill) const {
  Column& column = fitted_column(table, fill.name, ColumnKind::kCategorical, 1, op());
  Column indicator = indicator_column(column);
  const int32_t code = code_of_category(column, fill.text);
  for (int32_t& value : column.codes) {
    const bool missing = value == kMissingCode;
    if (missing) value = code;
    if (indicator_) indicator.values.push_back(missing ? 1.0f : 0.0f);
  }
  if (indicator_) insert_after(table, fill.name, std::move(indicator));
}

void Impute::apply(Table& table, const kernels::Parallel& parallel) const {
  for (const NumericFill& fill : numeric_) apply_numeric(table, fill, parallel);
  for (const TextFill& fill : texts_) apply_text(table, fill);
}

void Impute::save(Hdf5Node& group) const {
  std::vector<std::string> names, text_columns, texts;
  std::vector<int64_t> widths;
  std::vector<float> fills;
  for (const NumericFill& fill : numeric_) {
    names.push_back(fill.name);
    widths.push_back(static_cast<int64_t>(fill.elements.size()));
    fills.insert(fills.end(), fill.elements.begin(), fill.elements.end());
  }
  for (const TextFill& fill : texts_) {
    text_columns.push_back(fill.name);
    texts.push_back(fill.text);
  }
  const int64_t n_columns = static_cast<int64_t>(widths.size());
  const int64_t n_fills = static_cast<int64_t>(fills.size());
  group.attributes["indicator"] = Array::scalar(int64_t{indicator_});
  group.set_dataset("columns", Array::of(std::move(names)));
  group.set_dataset("widths", Array::of(std::span<const int64_t>(widths), {n_columns}));
  group.set_dataset("fills", Array::of(std::span<const float>(fills), {n_fills}));
  group.set_dataset("text_columns", Array::of(std::move(text_columns)));
  group.set_dataset("texts", Array::of(std::move(texts)));
}

std::unique_ptr<Transform> Impute::load(const Hdf5Node& group) {
  auto transform = std::make_unique<Impute>();
  transform->indicator_ = stored_integer_attribute(group, "indicator") != 0;
  const std::vector<std::string> names = stored_texts(group, "columns");
  int64_t total = 0;
  const std::vector<int64_t> widths =
      stored_widths(group, "widths", static_cast<int64_t>(names.size()), total);
  const std::vector<float> fills = stored_floats(group, "fills", total);
  auto next = fills.begin();
  for (size_t i = 0; i < names.size(); ++i) {
    transform->numeric_.push_back({names[i], {next, next + widths[i]}});
    next += widths[i];
  }
  const std::vector<std::string> text_columns = stored_texts(group, "text_columns");
  const std::vector<std::string> texts =
      stored_texts(group, "texts", static_cast<int64_t>(text_columns.size()));
  for (size_t i = 0; i < texts.size(); ++i)
    transform->texts_.push_back({text_columns[i], texts[i]});
  return transform;
}

}  // namespace reprotrain::engine
