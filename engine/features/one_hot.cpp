// SPDX-License-Identifier: Apache-2.0
#include "engine/features/one_hot.h"

#include <iterator>

#include "engine/features/column_access.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

constexpr const char* kOtherName = "other";

std::vector<std::string> added_names(const KnownCategories& known, UnseenPolicy unseen) {
  std::vector<std::string> names;
  for (const std::string& category : known.categories) names.push_back(known.name + "=" + category);
  if (unseen == UnseenPolicy::kOther) names.push_back(known.name + "=" + kOtherName);
  return names;
}

void check_categories(const FitInput& input, const KnownCategories& known) {
  const std::string place = input.config.config_pointer + ": column \"" + known.name + "\"";
  if (static_cast<int64_t>(known.categories.size()) > OneHot::kMaxCategories) {
    throw Error(ErrorKind::kData, place + " has " + std::to_string(known.categories.size()) +
                                      " categories, and one_hot makes at most 4096 columns of one; "
                                      "use ordinal or drop it");
  }
  if (input.config.unseen != UnseenPolicy::kOther) return;
  for (const std::string& category : known.categories) {
    if (category != kOtherName) continue;
    throw Error(ErrorKind::kConfig, place +
                                        " has a category \"other\" already, so policy \"other\" "
                                        "has no name for its column; use \"ignore\"");
  }
}

}  // namespace

std::unique_ptr<Transform> OneHot::fit(const FitInput& input) {
  auto transform = std::make_unique<OneHot>();
  transform->unseen_ = input.config.unseen;
  transform->columns_ = known_categories(input);
  for (const KnownCategories& known : transform->columns_) check_categories(input, known);
  return transform;
}

void OneHot::expand(Table& table, const KnownCategories& known,
                    const kernels::Parallel& parallel) const {
  Column& column = fitted_column(table, known.name, ColumnKind::kCategorical, 1, op());
  const std::vector<int32_t> indices = known_indices(known, column, unseen_, op());
  std::vector<Column> added;
  for (std::string& name : added_names(known, unseen_)) {
    require_new_name(table, name, op());
    added.emplace_back().name = std::move(name);
  }
  parallel.for_ranges(static_cast<int64_t>(added.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      std::vector<float>& values = added[static_cast<size_t>(c)].values;
      values.resize(indices.size());
      for (size_t row = 0; row < indices.size(); ++row) {
        values[row] = indices[row] == c ? 1.0f : 0.0f;
      }
    }
  });
  const auto place = table.columns.begin() + table.find(known.name);
  const auto after = table.columns.erase(place);
  table.columns.insert(after, std::make_move_iterator(added.begin()),
                       std::make_move_iterator(added.end()));
}

void OneHot::apply(Table& table, const kernels::Parallel& parallel) const {
  for (const KnownCategories& known : columns_) expand(table, known, parallel);
}

void OneHot::save(Hdf5Node& group) const {
  save_policy(unseen_, group);
  save_categories(columns_, group);
}

std::unique_ptr<Transform> OneHot::load(const Hdf5Node& group) {
  auto transform = std::make_unique<OneHot>();
  transform->unseen_ = load_policy(group);
  transform->columns_ = load_categories(group);
  return transform;
}

}  // namespace reprotrain::engine
