// SPDX-License-Identifier: Apache-2.0
// Maps the smallest training value of a column to `low` and the largest to `high`, linearly.
//
//   range = f64(max) - f64(min), 1 where that is 0          binary64, once per column
//   span  = high - low                                      binary64, once per column
//   y = f32(low + ((f64(x) - minimum) / range) * span)      binary64, one rounding each
//
// A constant column becomes `low`. Values beyond the training range leave [low, high]; clip them
// if that matters.
// Requires: moments of the training rows, all finite; finite low < high.
// Determinism: elementwise.
// See also: kernels/reduce/column_statistics.h, docs/arithmetic.md "Features".
#pragma once

#include <span>

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"
#include "kernels/feature/feature_kernel.h"
#include "kernels/reduce/column_statistics.h"

namespace reprotrain::kernels {

struct MinMax {
  static constexpr const char* kName = "min_max";
  static constexpr bool kNeedsMoments = true;
  static constexpr std::array<FeatureParameter, 2> kParameters{
      FeatureParameter{"low", false, 0.0}, FeatureParameter{"high", false, 1.0}};

  double minimum = 0.0;
  double range = 1.0;
  double low = 0.0;
  double span = 1.0;

  static constexpr auto fields() {
    return std::array{FeatureField<MinMax>{"minimum", &MinMax::minimum},
                      FeatureField<MinMax>{"range", &MinMax::range},
                      FeatureField<MinMax>{"low", &MinMax::low},
                      FeatureField<MinMax>{"span", &MinMax::span}};
  }
  static MinMax fit(const ColumnMoments& moments, std::span<const double> parameters) {
    const double minimum = static_cast<double>(moments.min);
    const double range = static_cast<double>(moments.max) - minimum;
    return {minimum, range == 0.0 ? 1.0 : range, parameters[0], parameters[1] - parameters[0]};
  }
  RPT_HD float operator()(float x) const {
    const double position = (static_cast<double>(x) - minimum) / range;
    return canonical(static_cast<float>(low + position * span));
  }
};

}  // namespace reprotrain::kernels
