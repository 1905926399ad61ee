// SPDX-License-Identifier: Apache-2.0
// What one_hot and ordinal share: the categories of the training rows and where a table's codes go.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/features/transform.h"

namespace reprotrain::engine {

/// A categorical column as training saw it.
struct KnownCategories {
  std::string name;
  std::vector<std::string> categories;  ///< of the training rows, sorted by bytes
};

/// Categories that occur in the training rows of each selected column. Throws Error(kConfig) for a
/// numeric column, Error(kData) for one without any category.
std::vector<KnownCategories> known_categories(const FitInput& input);

/// For each row the index of its category in `known`, or known.categories.size() for one that
/// training did not see. Throws Error(kData) naming column and row for a missing value, and for an
/// unseen category when `unseen` is kError.
std::vector<int32_t> known_indices(const KnownCategories& known, const Column& column,
                                   UnseenPolicy unseen, std::string_view op);

/// Groups "000000", "000001", ... of a name and its categories.
void save_categories(const std::vector<KnownCategories>& columns, Hdf5Node& group);
std::vector<KnownCategories> load_categories(const Hdf5Node& group);

void save_policy(UnseenPolicy policy, Hdf5Node& group);
UnseenPolicy load_policy(const Hdf5Node& group);

/// "000042": names of groups whose byte order is their order.
std::string ordered_name(int64_t index);

}  // namespace reprotrain::engine
