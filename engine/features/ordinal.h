// SPDX-License-Identifier: Apache-2.0
// Categories as numbers.
#pragma once

#include <memory>
#include <vector>

#include "engine/features/category_map.h"
#include "engine/features/transform.h"

namespace reprotrain::engine {

/// Turns a categorical column into a numeric one: the k categories of the training rows become
/// 0, 1, ..., k - 1 in byte order. A category that training did not see is an error (kError) or k
/// (kOther). A missing value is always an error: impute first.
class Ordinal final : public Transform {
 public:
  /// Every code up to here is a binary32 number.
  static constexpr int64_t kMaxCategories = int64_t{1} << 24;

  static std::unique_ptr<Transform> fit(const FitInput& input);
  static std::unique_ptr<Transform> load(const Hdf5Node& group);

  std::string_view op() const override { return "ordinal"; }
  void apply(Table& table, const kernels::Parallel& parallel) const override;
  void save(Hdf5Node& group) const override;

 private:
  UnseenPolicy unseen_ = UnseenPolicy::kError;
  std::vector<KnownCategories> columns_;
};

}  // namespace reprotrain::engine
