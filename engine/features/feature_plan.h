// SPDX-License-Identifier: Apache-2.0
// From a table to a feature matrix: an ordered list of transforms, fitted once, applied for ever.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/data/hdf5_tree.h"
#include "engine/data/table.h"
#include "kernels/base/parallel.h"

namespace reprotrain::engine {

/// Which columns a transform touches.
struct ColumnSelection {
  enum class Rule { kNamed, kAllNumeric, kAllCategorical, kAll };
  Rule rule = Rule::kNamed;
  std::vector<std::string> names;  ///< of kNamed
};

enum class ImputeStrategy { kMean, kMedian, kMostFrequent, kConstant };
enum class UnseenPolicy { kError, kIgnore, kOther };

/// One entry of section `features`. Every op reads the fields that its schema entry lists.
struct TransformConfig {
  std::string op;              ///< a name of the transform list: impute, standardize, one_hot, ...
  std::string config_pointer;  ///< JSON pointer of the entry, for messages: "/features/2"
  ColumnSelection columns;
  std::map<std::string, double> numbers;     ///< clip "low", "high"; impute "value"
  std::map<std::string, std::string> texts;  ///< impute "value" of a categorical column
  ImputeStrategy strategy = ImputeStrategy::kMean;
  bool indicator = false;  ///< impute: add a 0/1 column `<name>_missing`
  UnseenPolicy unseen = UnseenPolicy::kError;
};

/// The features of n_rows rows, ready for a model.
struct FeatureMatrix {
  int64_t n_rows = 0;
  std::vector<std::string> names;  ///< of the columns
  std::vector<float> values;       ///< (n_rows, names.size()), row-major
  int64_t n_features() const { return static_cast<int64_t>(names.size()); }
};

/// A fitted list of transforms.
///
/// Fitting looks at the training rows only; applying uses the same code at training and at predict
/// time. State is exact: fit(apply(load(save))) has the bits of fit(apply).
class FeaturePlan {
 public:
  FeaturePlan();
  ~FeaturePlan();
  FeaturePlan(FeaturePlan&&) noexcept;
  FeaturePlan& operator=(FeaturePlan&&) noexcept;

  /// Fits the transforms one after the other, each on the output of those before it, on
  /// `train_rows` of `table`; `table` is transformed in place on the way. Columns in `excluded`
  /// (target, split) are not features and are removed from the table first. Throws Error(kConfig /
  /// kData).
  static FeaturePlan fit(std::span<const TransformConfig> configs, Table& table,
                         std::span<const int64_t> train_rows, std::span<const std::string> excluded,
                         const kernels::Parallel& parallel);

  /// Transforms another table (predict time) in place. Input columns that the plan did not see in
  /// training are dropped; missing ones are an Error(kData) that names them.
  void apply(Table& table, const kernels::Parallel& parallel) const;

  /// The columns that `apply` needs, by name, and their kinds: what a reader must be told so that a
  /// column of digits that was categorical in training is so again.
  std::map<std::string, ColumnKind> input_kinds() const;

  /// Joins the columns of a transformed table, freeing them on the way (peak memory: about the
  /// matrix and one block of rows). Throws Error(kData) naming column and row when a column is not
  /// numeric or a value is not finite.
  static FeatureMatrix to_matrix(Table&& table);

  /// Fitted state as a tree (one group per transform), and back.
  void save(Hdf5Node& group) const;
  static FeaturePlan load(const Hdf5Node& group);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reprotrain::engine
