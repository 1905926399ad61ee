// SPDX-License-Identifier: Apache-2.0
// Compresses a column of counts or amounts: the natural logarithm of 1 + x.
//
//   y = log1p(x), correctly rounded
//
// Not defined for x <= -1 (the formula gives -inf or NaN; the engine refuses such a row by name).
// Determinism: elementwise; nothing is fitted.
// See also: kernels/elementwise/elementary.h, docs/arithmetic.md "Features".
#pragma once

#include <span>

#include "kernels/base/hd.h"
#include "kernels/elementwise/elementary.h"
#include "kernels/feature/feature_kernel.h"
#include "kernels/reduce/column_statistics.h"

namespace reprotrain::kernels {

struct LogOnePlus {
  static constexpr const char* kName = "log1p";
  static constexpr bool kNeedsMoments = false;
  static constexpr std::array<FeatureParameter, 0> kParameters{};

  static constexpr std::array<FeatureField<LogOnePlus>, 0> fields() { return {}; }
  static LogOnePlus fit(const ColumnMoments& /*moments*/, std::span<const double> /*parameters*/) {
    return {};
  }
  RPT_HD float operator()(float x) const { return rounded::log1p(x); }
};

}  // namespace reprotrain::kernels
