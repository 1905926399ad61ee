// SPDX-License-Identifier: Apache-2.0
// Shifts a column to mean 0 and scales it to variance 1.
//
//   deviation = sqrt(variance), 1 where that is 0        binary64, once per column
//   y = f32((f64(x) - mean) / deviation)                 binary64, one rounding each
//
// Why: mean and variance come from exact sums, so that rows may come in any order and cut; the
// arithmetic in binary64 keeps columns with a large mean and a small spread accurate.
// Requires: moments of the training rows, all finite.
// Determinism: elementwise.
// See also: kernels/reduce/column_statistics.h, docs/arithmetic.md "Features".
#pragma once

#include <cmath>
#include <span>

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"
#include "kernels/feature/feature_kernel.h"
#include "kernels/reduce/column_statistics.h"

namespace reprotrain::kernels {

struct Standardize {
  static constexpr const char* kName = "standardize";
  static constexpr bool kNeedsMoments = true;
  static constexpr std::array<FeatureParameter, 0> kParameters{};

  double mean = 0.0;
  double deviation = 1.0;

  static constexpr auto fields() {
    return std::array{FeatureField<Standardize>{"mean", &Standardize::mean},
                      FeatureField<Standardize>{"deviation", &Standardize::deviation}};
  }
  static Standardize fit(const ColumnMoments& moments, std::span<const double> /*parameters*/) {
    const double deviation = std::sqrt(moments.variance);
    return {moments.mean, deviation == 0.0 ? 1.0 : deviation};
  }
  RPT_HD float operator()(float x) const {
    return canonical(static_cast<float>((static_cast<double>(x) - mean) / deviation));
  }
  /// Back to the units of the column (regression targets): f32(f64(y) * deviation + mean).
  RPT_HD float inverse(float y) const {
    return canonical(static_cast<float>(static_cast<double>(y) * deviation + mean));
  }
};

}  // namespace reprotrain::kernels
