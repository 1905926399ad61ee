// SPDX-License-Identifier: Apache-2.0
#include "engine/features/select_drop.h"

#include <algorithm>

#include "engine/features/stored_state.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

std::vector<std::string> selected_names(const FitInput& input) {
  std::vector<std::string> names;
  for (const size_t index : input.columns) names.push_back(input.table.columns[index].name);
  return names;
}

// Removes the columns whose being listed in `names` equals `listed`.
void remove_columns(Table& table, const std::vector<std::string>& names, bool listed) {
  std::erase_if(table.columns, [&](const Column& column) {
    return (std::find(names.begin(), names.end(), column.name) != names.end()) == listed;
  });
}

}  // namespace

std::unique_ptr<Transform> Select::fit(const FitInput& input) {
  auto transform = std::make_unique<Select>();
  transform->names_ = selected_names(input);
  return transform;
}

void Select::apply(Table& table, const kernels::Parallel& /*parallel*/) const {
  remove_columns(table, names_, false);
}

void Select::save(Hdf5Node& group) const { group.set_dataset("columns", Array::of(names_)); }

std::unique_ptr<Transform> Select::load(const Hdf5Node& group) {
  auto transform = std::make_unique<Select>();
  transform->names_ = stored_texts(group, "columns");
  return transform;
}

std::unique_ptr<Transform> Drop::fit(const FitInput& input) {
  auto transform = std::make_unique<Drop>();
  transform->names_ = selected_names(input);
  return transform;
}

void Drop::apply(Table& table, const kernels::Parallel& /*parallel*/) const {
  remove_columns(table, names_, true);
}

void Drop::save(Hdf5Node& group) const { group.set_dataset("columns", Array::of(names_)); }

std::unique_ptr<Transform> Drop::load(const Hdf5Node& group) {
  auto transform = std::make_unique<Drop>();
  transform->names_ = stored_texts(group, "columns");
  return transform;
}

}  // namespace reprotrain::engine
