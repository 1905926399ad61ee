// SPDX-License-Identifier: Apache-2.0
// A dataset as a person or a script wants to see it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/data/dataset.h"

namespace reprotrain::harness {

/// One column (or block of columns) in a few words.
struct ColumnDescription {
  std::string name;
  std::string kind;       ///< "numeric", "categorical", "numeric 28x28"
  int64_t n_missing = 0;  ///< elements
  std::string values;     ///< "0 .. 16, mean 4.88" or "3 categories: a, b, c"
};

std::vector<ColumnDescription> describe_columns(const engine::Table& table);

void print_identities(const std::vector<engine::InputIdentity>& inputs);
void print_columns(int64_t n_rows, const std::vector<ColumnDescription>& columns);
nlohmann::json columns_json(const engine::LoadedDataset& dataset,
                            const std::vector<ColumnDescription>& columns);

}  // namespace reprotrain::harness
