// SPDX-License-Identifier: Apache-2.0
// What a transform is to the feature plan.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/hdf5_tree.h"
#include "engine/data/table.h"
#include "engine/features/feature_plan.h"
#include "kernels/base/parallel.h"

namespace reprotrain::engine {

/// What a transform may look at while it is fitted.
struct FitInput {
  const TransformConfig& config;
  const Table& table;
  std::vector<size_t> columns;          ///< the selected ones, in table order
  std::span<const int64_t> train_rows;  ///< the only rows that fitting may read
  const kernels::Parallel& parallel;
};

/// A fitted transform. Its constructor or fit function reads the training rows; after that it is a
/// pure function of the table.
///
/// Order of columns: a transform leaves columns where they are, and puts what it adds right after
/// the column it belongs to.
class Transform {
 public:
  virtual ~Transform() = default;

  /// Its name in a configuration.
  virtual std::string_view op() const = 0;

  /// Transforms the table in place. Throws Error(kData) naming column and row. Rows may be treated
  /// in any order and cut.
  virtual void apply(Table& table, const kernels::Parallel& parallel) const = 0;

  /// Writes the fitted state into an empty group; the transform list's `load` reads it back
  /// exactly.
  virtual void save(Hdf5Node& group) const = 0;
};

}  // namespace reprotrain::engine
