// SPDX-License-Identifier: Apache-2.0
// Fills in missing values.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/features/transform.h"

namespace reprotrain::engine {

/// Replaces every missing value of a column by one value: of the training rows the mean, median or
/// most frequent one (the smallest of equals), or a constant. Numeric columns take any strategy,
/// categorical ones most_frequent or a constant text. Statistics are exact
/// (kernels/reduce/column_statistics.h) and rounded to binary32.
///
/// With `indicator`, a numeric column `<name>_missing` right after each column tells where values
/// were filled in (1) and where not (0); it is there whether or not training had missing values.
class Impute final : public Transform {
 public:
  static std::unique_ptr<Transform> fit(const FitInput& input);
  static std::unique_ptr<Transform> load(const Hdf5Node& group);

  std::string_view op() const override { return "impute"; }
  void apply(Table& table, const kernels::Parallel& parallel) const override;
  void save(Hdf5Node& group) const override;

 private:
  struct NumericFill {
    std::string name;
    std::vector<float> elements;  // one for a scalar column
  };
  struct TextFill {
    std::string name;
    std::string text;
  };
  void apply_numeric(Table& table, const NumericFill& fill,
                     const kernels::Parallel& parallel) const;
  void apply_text(Table& table, const TextFill& fill) const;

  bool indicator_ = false;
  std::vector<NumericFill> numeric_;
  std::vector<TextFill> texts_;
};

}  // namespace reprotrain::engine
