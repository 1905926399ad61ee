// SPDX-License-Identifier: Apache-2.0
#include "engine/data/split.h"

#include <algorithm>
#include <numeric>

#include "include/reprotrain/error.h"
#include "kernels/base/float_bits.h"
#include "kernels/random/shuffle.h"
#include "kernels/random/streams.h"

namespace reprotrain::engine {

namespace {

__extension__ using Wide = unsigned __int128;

// What a row was drawn for.
enum class Part : uint8_t { kTrain, kValidation, kTest };

[[noreturn]] void fail(const std::string& sentence) { throw Error(ErrorKind::kConfig, sentence); }

// floor(n * fraction + 1/2), of the exact product. 0 <= fraction < 1, 0 <= n < 2^63.
int64_t rounded_share(int64_t n, double fraction) {
  const uint64_t bits = kernels::bits_of(fraction);
  const uint64_t significand = (bits & ((uint64_t{1} << 52) - 1)) | (uint64_t{1} << 52);
  const int shift = 1075 - static_cast<int>(bits >> 52);  // fraction = significand * 2^-shift
  // A fraction under 2^-64 (subnormal ones among them) has the share 0.
  if (fraction == 0.0 || shift > 117) return 0;
  const Wide product = Wide{significand} * static_cast<Wide>(n);
  return static_cast<int64_t>((product + (Wide{1} << (shift - 1))) >> shift);
}

// Splits `total` over classes in proportion to their sizes: floors first, then one more to the
// largest remainders, the class with the smaller code first where remainders are equal.
std::vector<int64_t> largest_remainder(int64_t total, const std::vector<int64_t>& sizes) {
  const int64_t n = std::accumulate(sizes.begin(), sizes.end(), int64_t{0});
  std::vector<int64_t> shares(sizes.size(), 0);
  if (n == 0) return shares;
  std::vector<std::pair<int64_t, size_t>> remainders;  // (-remainder, class): sorted as wanted
  int64_t left = total;
  for (size_t c = 0; c < sizes.size(); ++c) {
    const Wide product = static_cast<Wide>(total) * static_cast<Wide>(sizes[c]);
    shares[c] = static_cast<int64_t>(product / static_cast<Wide>(n));
    remainders.emplace_back(-static_cast<int64_t>(product % static_cast<Wide>(n)), c);
    left -= shares[c];
  }
  std::sort(remainders.begin(), remainders.end());
  for (size_t i = 0; i < static_cast<size_t>(left); ++i) ++shares[remainders[i].second];
  return shares;
}

Split collect(const std::vector<Part>& parts) {
  Split split;
  for (size_t row = 0; row < parts.size(); ++row) {
    auto& rows = parts[row] == Part::kTest         ? split.test
                 : parts[row] == Part::kValidation ? split.validation
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
  std::vector<Part> part_of_category;
  for (const std::string& word : column.categories) {
    if (word == "train") {
      part_of_category.push_back(Part::kTrain);
    } else if (word == "validation") {
      part_of_category.push_back(Part::kValidation);
    } else if (word == "test") {
      part_of_category.push_back(Part::kTest);
    } else {
      fail("/data/split/column: column \"" + name + "\" holds \"" + word.substr(0, 40) +
           "\"; only the words train, validation and test are allowed");
    }
  }
  std::vector<Part> parts;
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

// Rows of each class in the order of the permutation.
std::vector<std::vector<int64_t>> rows_of_classes(const std::vector<int64_t>& permutation,
                                                  std::span<const int32_t> class_of_row) {
  std::vector<std::vector<int64_t>> rows;
  for (const int64_t row : permutation) {
    const int32_t code = class_of_row[static_cast<size_t>(row)];
    if (code < 0) {
      throw Error(ErrorKind::kData, "the target is missing in row " + std::to_string(row) +
                                        " (counted from 0), so the split cannot be stratified; "
                                        "remove the row");
    }
    if (static_cast<size_t>(code) >= rows.size()) rows.resize(static_cast<size_t>(code) + 1);
    rows[static_cast<size_t>(code)].push_back(row);
  }
  return rows;
}

std::vector<int64_t> sizes_of(const std::vector<std::vector<int64_t>>& groups) {
  std::vector<int64_t> sizes;
  for (const auto& group : groups) sizes.push_back(static_cast<int64_t>(group.size()));
  return sizes;
}

struct PartSizes {
  int64_t n_test = 0;
  int64_t n_validation = 0;
};

PartSizes part_sizes(const SplitConfig& config, int64_t n_rows) {
  const double test = config.test_fraction, validation = config.validation_fraction;
  if (!(test >= 0.0 && validation >= 0.0 && test + validation < 1.0)) {
    fail("/data/split: the fractions test and validation must be 0 or more and sum to less than 1");
  }
  const PartSizes sizes{rounded_share(n_rows, test), rounded_share(n_rows, validation)};
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

std::vector<int64_t> shuffled_rows(int64_t n_rows, uint64_t seed) {
  std::vector<int64_t> rows(static_cast<size_t>(n_rows));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  const kernels::RandomStream stream{seed, kernels::stream_of(kernels::StreamPurpose::kSplit, 0),
                                     0};
  kernels::shuffle_indices(stream, rows);
  return rows;
}

// In each group the first rows test, the next validate, the others train.
Split deal(const std::vector<std::vector<int64_t>>& groups, const PartSizes& wanted,
           int64_t n_rows) {
  std::vector<int64_t> sizes = sizes_of(groups);
  const std::vector<int64_t> test = largest_remainder(wanted.n_test, sizes);
  for (size_t c = 0; c < sizes.size(); ++c) sizes[c] -= test[c];
  const std::vector<int64_t> validation = largest_remainder(wanted.n_validation, sizes);

  std::vector<Part> parts(static_cast<size_t>(n_rows), Part::kTrain);
  for (size_t c = 0; c < groups.size(); ++c) {
    const auto n_test = static_cast<size_t>(test[c]);
    const auto n_held_out = n_test + static_cast<size_t>(validation[c]);
    for (size_t i = 0; i < n_held_out; ++i) {
      parts[static_cast<size_t>(groups[c][i])] = i < n_test ? Part::kTest : Part::kValidation;
    }
  }
  return collect(parts);
}

}  // namespace

Split draw_split(const SplitConfig& config, const Table& table,
                 std::span<const int32_t> class_of_row, uint64_t seed) {
  if (!config.column.empty()) return split_by_column(config.column, table);
  const PartSizes sizes = part_sizes(config, table.n_rows);
  if (config.stratify && class_of_row.empty()) {
    fail(
        "/data/split/stratify: there are no classes to stratify by; set it to false or choose a "
        "target that has classes");
  }
  std::vector<int64_t> rows = shuffled_rows(table.n_rows, seed);
  std::vector<std::vector<int64_t>> groups;
  if (config.stratify) {
    groups = rows_of_classes(rows, class_of_row);
  } else {
    groups.push_back(std::move(rows));  // all rows are of one class
  }
  return deal(groups, sizes, table.n_rows);
}

}  // namespace reprotrain::engine
