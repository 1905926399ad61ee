// SPDX-License-Identifier: Apache-2.0
// One 0/1 column for each category.
#pragma once

#include <memory>
#include <vector>

#include "engine/features/category_map.h"
#include "engine/features/transform.h"

namespace reprotrain::engine {

/// Replaces a categorical column, in place, by numeric columns `<name>=<category>`, one for each
/// category of the training rows in byte order; with policy kOther one more, `<name>=other`, last.
///
/// A category that training did not see is an error (kError), gives zeros (kIgnore), or a 1 in the
/// column of the others (kOther). A missing value is always an error: impute first.
class OneHot final : public Transform {
 public:
  /// More columns than this from one are refused: such a column is an identifier, not a category.
  static constexpr int64_t kMaxCategories = 4096;

  static std::unique_ptr<Transform> fit(const FitInput& input);
  static std::unique_ptr<Transform> load(const Hdf5Node& group);

  std::string_view op() const override { return "one_hot"; }
  void apply(Table& table, const kernels::Parallel& parallel) const override;
  void save(Hdf5Node& group) const override;

 private:
  void expand(Table& table, const KnownCategories& known, const kernels::Parallel& parallel) const;

  UnseenPolicy unseen_ = UnseenPolicy::kError;
  std::vector<KnownCategories> columns_;
};

}  // namespace reprotrain::engine
