// SPDX-License-Identifier: Apache-2.0
#include "engine/features/ordinal.h"

#include "engine/features/column_access.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

std::unique_ptr<Transform> Ordinal::fit(const FitInput& input) {
  if (input.config.unseen == UnseenPolicy::kIgnore) {
    throw Error(ErrorKind::kConfig, input.config.config_pointer +
                                        "/unseen: ordinal cannot ignore a category; use \"error\" "
                                        "or \"other\"");
  }
  auto transform = std::make_unique<Ordinal>();
  transform->unseen_ = input.config.unseen;
  transform->columns_ = known_categories(input);
  for (const KnownCategories& known : transform->columns_) {
    if (static_cast<int64_t>(known.categories.size()) >= kMaxCategories) {
      throw Error(ErrorKind::kData, input.config.config_pointer + ": column \"" + known.name +
                                        "\" has more than 2^24 categories; drop it");
    }
  }
  return transform;
}

void Ordinal::apply(Table& table, const kernels::Parallel& /*parallel*/) const {
  for (const KnownCategories& known : columns_) {
    Column& column = fitted_column(table, known.name, ColumnKind::kCategorical, 1, op());
    const std::vector<int32_t> indices = known_indices(known, column, unseen_, op());
    Column numeric;
    numeric.name = column.name;
    numeric.values.reserve(indices.size());
    for (const int32_t index : indices) numeric.values.push_back(static_cast<float>(index));
    column = std::move(numeric);
  }
}

void Ordinal::save(Hdf5Node& group) const {
  save_policy(unseen_, group);
  save_categories(columns_, group);
}

std::unique_ptr<Transform> Ordinal::load(const Hdf5Node& group) {
  auto transform = std::make_unique<Ordinal>();
  transform->unseen_ = load_policy(group);
  transform->columns_ = load_categories(group);
  return transform;
}

}  // namespace reprotrain::engine
