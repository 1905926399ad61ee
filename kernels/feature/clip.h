// SPDX-License-Identifier: Apache-2.0
// Replaces values outside [low, high] by the nearer bound.
//
//   y = f32(low) where f64(x) < low; f32(high) where f64(x) > high; else x
//
// The comparison is with the binary64 bounds of the configuration. Infinities are clipped like any
// value; zeros keep their sign.
// Requires: finite low <= high.
// Determinism: elementwise; nothing is fitted.
// See also: docs/arithmetic.md "Features".
#pragma once

#include <span>

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"
#include "kernels/feature/feature_kernel.h"
#include "kernels/reduce/column_statistics.h"

namespace reprotrain::kernels {

struct Clip {
  static constexpr const char* kName = "clip";
  static constexpr bool kNeedsMoments = false;
  static constexpr std::array<FeatureParameter, 2> kParameters{FeatureParameter{"low", true, 0.0},
                                                               FeatureParameter{"high", true, 0.0}};

  double low = 0.0;
  double high = 0.0;

  static constexpr auto fields() {
    return std::array{FeatureField<Clip>{"low", &Clip::low},
                      FeatureField<Clip>{"high", &Clip::high}};
  }
  static Clip fit(const ColumnMoments& /*moments*/, std::span<const double> parameters) {
    return {parameters[0], parameters[1]};
  }
  RPT_HD float operator()(float x) const {
    const double wide = static_cast<double>(x);
    if (wide < low) return static_cast<float>(low);
    if (wide > high) return static_cast<float>(high);
    return canonical(x);
  }
};

}  // namespace reprotrain::kernels
