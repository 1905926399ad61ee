// SPDX-License-Identifier: Apache-2.0
// Which rows train, which validate, which test: a pure function of data size, labels and seed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/data/data_config.h"
#include "engine/data/table.h"

namespace reprotrain::engine {

/// Row indices of each part, ascending.
struct Split {
  std::vector<int64_t> train;
  std::vector<int64_t> validation;
  std::vector<int64_t> test;
};

/// Draws the split (docs/arithmetic.md, "Shuffles and splits").
///
/// `class_of_row` (n_rows entries; empty unless classification) is used when `config.stratify`.
/// Throws Error(kConfig) when the fractions leave a part without rows, when stratification is asked
/// for without classes, or when the split column holds other words than train, validation, test.
Split draw_split(const SplitConfig& config, const Table& table,
                 std::span<const int32_t> class_of_row, uint64_t seed);

}  // namespace reprotrain::engine
