// SPDX-License-Identifier: Apache-2.0
#include "engine/data/split.h"

#include <algorithm>

#include "include/reprotrain/error.h"
#include "kernels/random/split.h"

namespace reprotrain::engine {

namespace {

using kernels::RowPart;

[[noreturn]] void fail(const std::string& sentence) { throw Error(ErrorKind::kConfig, sentence); }

Split collect(const std::vector<RowPart>& parts) {
  Split split;
  for (size_t row = 0; row < parts.size(); ++row) {
    auto& rows = parts[row] == RowPart::kTest         ? split.test
                 : parts[row] == RowPart::kValidation ? split.validation
                                                      : split.train;
    rows.push_back(static_cast<int64_t>(row));
  }
  return split;
}

Split split_by_column(const std::string& name, const Table& table) {
  const Column& column =
      table.columns[static_cast<size_t>(table.require(name, "/data/split/column"))];
  if (column.kind != ColumnKind::kCategorical) {
    fail("/data/split/column: column \"" + name +
         "\" is numeric; it must hold the words train, validation and test");
  }
  std::vector<RowPart> part_of_category;
  for (const std::string& word : column.categories) {
    if (word == "train") {
      part_of_category.push_back(RowPart::kTrain);
    } else if (word == "validation") {
      part_of_category.push_back(RowPart::kValidation);
    } else if (word == "test") {
      part_of_category.push_back(RowPart::kTest);
    } else {
      fail("/data/split/column: column \"" + name + "\" holds \"" + word.substr(0, 40) +
           "\"; only the words train, validation and test are allowed");
    }
  }
  std::vector<RowPart> parts;
  for (const int32_t code : column.codes) {
    if (code == kMissingCode) {
      fail("/data/split/column: column \"" + name + "\" is missing in row " +
           std::to_string(parts.size()) + " (counted from 0); every row needs a word");
    }
    parts.push_back(part_of_category[static_cast<size_t>(code)]);
  }
  Split split = collect(parts);
  if (split.train.empty()) {
    fail("/data/split/column: column \"" + name + "\" marks no row as train");
  }
  return split;
}

void require_class_of_every_row(std::span<const int32_t> class_of_row) {
  const auto missing =
      std::find_if(class_of_row.begin(), class_of_row.end(), [](int32_t code) { return code < 0; });
  if (missing == class_of_row.end()) return;
  throw Error(ErrorKind::kData, "the target is missing in row " +
                                    std::to_string(missing - class_of_row.begin()) +
                                    " (counted from 0), so the split cannot be stratified; "
                                    "remove the row");
}

kernels::PartSizes part_sizes(const SplitConfig& config, int64_t n_rows) {
  const double test = config.test_fraction, validation = config.validation_fraction;
  if (!(test >= 0.0 && validation >= 0.0 && test + validation < 1.0)) {
    fail("/data/split: the fractions test and validation must be 0 or more and sum to less than 1");
  }
  const kernels::PartSizes sizes{kernels::rounded_share(n_rows, test),
                                 kernels::rounded_share(n_rows, validation)};
  const auto require_rows = [&](int64_t n, double fraction, const std::string& part) {
    if (fraction > 0.0 && n <= 0) {
      fail("/data/split: of " + std::to_string(n_rows) + " rows none is left for the part " + part +
           "; change the fractions");
    }
  };
  require_rows(sizes.n_test, test, "test");
  require_rows(sizes.n_validation, validation, "validation");
  require_rows(n_rows - sizes.n_test - sizes.n_validation, 1.0, "train");
  return sizes;
}

}  // namespace

Split draw_split(const SplitConfig& config, const Table& table,
                 std::span<const int32_t> class_of_row, uint64_t seed) {
  if (!config.column.empty()) return split_by_column(config.column, table);
  const kernels::PartSizes sizes = part_sizes(config, table.n_rows);
  if (!config.stratify) class_of_row = {};
  if (config.stratify && class_of_row.empty()) {
    fail(
        "/data/split/stratify: there are no classes to stratify by; set it to false or choose a "
        "target that has classes");
  }
  require_class_of_every_row(class_of_row);
  std::vector<RowPart> parts(static_cast<size_t>(table.n_rows));
  kernels::draw_parts(sizes, class_of_row, seed, parts);
  return collect(parts);
}

}  // namespace reprotrain::engine
